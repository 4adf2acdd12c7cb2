/** How the page is built and, for work on the page alone, served beside a running program; used by `vite build web` and `vite web`. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const program = "http://127.0.0.1:8787";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: { outDir: "dist", emptyOutDir: true, target: "es2024", assetsInlineLimit: 0 },
  server: {
    proxy: {
      "/api": program,
      "/dev": program,
      "/health": program,
      "/parties": { target: program, ws: true },
    },
  },
});
