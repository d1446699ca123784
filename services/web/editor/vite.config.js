/** The build: every file gets a hash in its name, a line in manifest.json and, where it is text, a `.gz` beside it. */

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const source = (name) => new URL(`./src/${name}`, import.meta.url);

/** Copy a file of src/ under a hashed name; Vite only copies what some script imports. */
function copy(name) {
  return {
    name: "inkstone:copy",
    buildStart() {
      this.emitFile({ type: "asset", name, originalFileName: name, source: readFileSync(source(name)) });
    },
  };
}

/** `{"style.css": "style-Ab12.css", …}`: what the templates' asset() looks up. */
function manifest() {
  return {
    name: "inkstone:manifest",
    enforce: "post",
    generateBundle(_options, bundle) {
      const names = Object.values(bundle).map((file) => [plainName(file), file.fileName]);
      const text = JSON.stringify(Object.fromEntries(names.sort()), null, 2);
      this.emitFile({ type: "asset", fileName: "manifest.json", source: `${text}\n` });
    },
  };
}

const plainName = (file) => (file.type === "chunk" ? `${file.name}.js` : file.names[0]);

/** Compressed once here, so that the web server never has to. */
function compress() {
  return {
    name: "inkstone:compress",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (!/\.(css|js|svg)$/.test(file.fileName)) continue;
          const source = gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 });
          this.emitFile({ type: "asset", fileName: `${file.fileName}.gz`, source });
        }
      },
    },
  };
}

export default defineConfig({
  plugins: [vue(), copy("favicon.svg"), manifest(), compress()],
  publicDir: false,
  define: { __VUE_PROD_DEVTOOLS__: false },
  build: {
    target: "es2022",
    outDir: "../inkstone/static",
    emptyOutDir: true,
    assetsDir: "",
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { editor: source("editor.js").pathname, style: source("style.css").pathname },
    },
  },
});
