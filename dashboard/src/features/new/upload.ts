/** Sending a file to the library, with its progress: `fetch` cannot tell how far it is. */

import { OURS, type Problem, type Schemas } from "@/api/client";

/** Send `file` and return its asset. `onProgress` gets the share that is sent. Throws the server's problem. */
export function upload(file: File, onProgress: (share: number) => void): Promise<Schemas["AssetRead"]> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/media/uploads");
    for (const [name, value] of Object.entries(OURS)) request.setRequestHeader(name, value);
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const answer = read(request.responseText);
      if (request.status < 300) resolve(answer as Schemas["AssetRead"]);
      else reject(answer ?? lost(file));
    };
    request.onerror = () => reject(lost(file));
    request.send(file);
  });
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const lost = (file: File): Pick<Problem, "code" | "detail" | "fix"> => ({
  code: "UPLOAD_LOST",
  detail: `${file.name} did not arrive.`,
  fix: "Send it again.",
});
