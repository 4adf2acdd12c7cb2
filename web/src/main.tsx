/** The page's entry: puts the application into the document. */
import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { Application } from "./application.tsx";
import { queryClient } from "./service/queries.ts";
import "./styles/page.css";

const root = document.getElementById("root");
if (root === null) throw new Error("The document has no #root.");

createRoot(root).render(
  <QueryClientProvider client={queryClient}>
    <Application />
  </QueryClientProvider>,
);
