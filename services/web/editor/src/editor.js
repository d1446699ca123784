import { createApp } from "vue"; import Editor from "./Editor.vue"; window.vm = createApp(Editor).mount("#vm");
