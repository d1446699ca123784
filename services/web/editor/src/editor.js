/** Puts the editor in the place of the plain form; `vm` in the browser's console is the mounted view-model. */

import { createApp } from "vue";

import Editor from "./Editor.vue";

const post = JSON.parse(document.getElementById("post-data").textContent);

window.vm = createApp(Editor, { post }).mount("#vm");
