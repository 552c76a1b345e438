import Link from "@/ui/link";

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col items-start justify-center gap-3 px-5">
      <h1 className="text-xl font-semibold tracking-tight">There is no such page</h1>
      <p className="text-soft">The link may be old, or a letter is wrong.</p>
      <Link href="/" className="font-medium text-accent underline underline-offset-4">
        Go to the start
      </Link>
    </main>
  );
}
