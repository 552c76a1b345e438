import type { Metadata } from "next";
import { Login } from "@/features/login/login";

export const metadata: Metadata = { title: "Log in" };

export default function Page() {
  return <Login />;
}
