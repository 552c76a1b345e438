import clsx from "clsx";

/** A video of the library, with its still picture until it plays. `silent`: it plays by itself, without sound. */
export function Player({
  assetId,
  label,
  aspect = "9:16",
  silent = false,
  className,
}: {
  assetId: string;
  label: string;
  aspect?: string | null;
  silent?: boolean;
  className?: string;
}) {
  const url = `/api/media/assets/${encodeURIComponent(assetId)}`;
  return (
    <video
      aria-label={label}
      src={`${url}/file`}
      poster={`${url}/thumbnail`}
      controls={!silent}
      playsInline
      preload={silent ? "auto" : "none"}
      autoPlay={silent}
      muted={silent}
      loop={silent}
      className={clsx(
        "w-full rounded-lg bg-black object-contain",
        aspect === "16:9" ? "aspect-video" : aspect === "1:1" ? "aspect-square" : "aspect-9/16",
        className,
      )}
    />
  );
}
