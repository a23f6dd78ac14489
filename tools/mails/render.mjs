// Renders the mails of tests/lint/mails.zip with the tools of package.json, and prints them as JSON: names and texts.
import { readFileSync, readdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, dirname, basename } from "node:path";
import { pathToFileURL, fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(here, "package.json"));
const modules = join(here, "node_modules");
const mails = {};
const read = (...path) => readFileSync(join(modules, ...path), "utf8");

// foundation-emails: its templates and the pages of its own tests, made tables by inky and inlined by juice.
const Inky = require("inky/lib/inky");
const juice = require("juice");
const styles = read("foundation-emails", "dist", "foundation-emails.css");
const frame = read("foundation-emails", "test", "visual", "_template.html");
const inlined = (text) => {
  const made = new Inky({}).releaseTheKraken(frame.replace("<%= contents %>", () => text), Inky.mergeCheerioOpts());
  const page = made.replace(/<link [^>]*>/, "").replace("<!-- <style> -->", () => `<style>${styles}</style>`);
  return juice(page);
};
for (const [folder, name] of [["templates", "templates"], ["test/visual/pages", "pages"]]) {
  for (const file of readdirSync(join(modules, "foundation-emails", folder)).filter((one) => one.endsWith(".html") && one !== "index.html")) {
    mails[`foundation-emails/${name}/${file}`] = inlined(read("foundation-emails", folder, file));
  }
}

// mailgen: each of its themes with each of these contents.
const Mailgen = require("mailgen");
const action = (text, link) => ({ instructions: "Press the button:", button: { color: "#22bc66", text, link } });
const shop = "https://shop.example";
const contents = {
  welcome: { name: "Ana", intro: "Welcome to the shop.", action: action("Confirm", `${shop}/confirm?t=1`), outro: "Questions? Reply." },
  reset: { name: "Ana", intro: "You asked for a new password.", action: action("Set a password", `${shop}/reset`), signature: false },
  receipt: {
    greeting: "Dear", name: "Ana",
    table: { data: [{ item: "Chair", price: "$49.00" }, { item: "Table & bench", price: "$149.00" }],
      columns: { customWidth: { item: "70%" }, customAlignment: { price: "right" } } },
    action: action("See the order", `${shop}/orders/1`),
  },
  notice: { title: "Your parcel is on its way", intro: ["It left today.", "It arrives on Friday."], dictionary: { Number: "1Z 999", Carrier: "Post" } },
  invoice: {
    name: "Ana", intro: "Your invoice for May.", action: [action("Pay", `${shop}/pay`), action("Show", `${shop}/invoices/5`)],
    table: [{ title: "Goods", data: [{ item: "Lamp", price: "$20.00" }] }, { title: "Services", data: [{ item: "Delivery", price: "$5.00" }] }],
    outro: ["Thank you.", "Your shop"],
  },
  arabic: { name: "ليلى", intro: "أهلا وسهلا", outro: "شكرا" },
};
for (const theme of ["default", "cerberus", "neopolitan", "salted"]) {
  for (const [name, body] of Object.entries(contents)) {
    const product = { name: "Shop", link: `${shop}/`, logo: `${shop}/logo.png`, copyright: "© 2026 Shop" };
    const made = new Mailgen({ theme, textDirection: name === "arabic" ? "rtl" : "ltr", product });
    mails[`mailgen/${theme}/${name}.html`] = made.generate({ body });
  }
}

// create-email: the templates of a new project of React Email.
const esbuild = require("esbuild");
const out = mkdtempSync(join(here, ".made-"));
try {
  const emails = join(modules, "create-email", "template", "emails");
  for (const file of readdirSync(emails).filter((one) => one.endsWith(".tsx"))) {
    const made = join(out, file.replace(".tsx", ".mjs"));
    await esbuild.build({
      entryPoints: [join(emails, file)], outfile: made, bundle: true, platform: "node", format: "esm", jsx: "automatic",
      alias: { "react-email": "@react-email/components" }, nodePaths: [modules], packages: "bundle", logLevel: "error",
      define: { "process.env.VERCEL_URL": '"cdn.example.com"' },
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const { default: Email } = await import(pathToFileURL(made));
    const { render } = await import(pathToFileURL(require.resolve("@react-email/render")));
    const { createElement } = require("react");
    mails[`create-email/${file.replace(".tsx", ".html")}`] = await render(createElement(Email, Email.PreviewProps ?? {}));
  }
} finally {
  rmSync(out, { recursive: true });
}

// React Email: letters of its components, some with the classes of Tailwind.
const React = require("react");
const part = await import(pathToFileURL(require.resolve("@react-email/components")));
const element = (type, props, ...children) => React.createElement(part[type], props, ...children);
const blocks = {
  title: () => element("Heading", { as: "h1" }, "Spring is here"),
  text: () => element("Text", { style: { fontSize: 16 } }, "Chairs, tables and everything green, a fifth off."),
  picture: () => element("Img", { src: `${shop}/garden.jpg`, alt: "A garden", width: 560, height: 280 }),
  button: () => element("Button", { href: `${shop}/spring`, style: { background: "#2946c4", color: "#ffffff", padding: "12px 20px" } }, "See it all"),
  pair: () => element("Row", {}, ...["Chairs", "Tables"].map((one) => element("Column", { key: one }, element("Link", { href: `${shop}/${one}` }, one)))),
  written: () => element("Markdown", {}, `## Steps\n\n1. Choose\n2. **Pay**\n\n[More](${shop}/more)`),
  classes: () => element("Text", { className: "text-lg font-bold text-slate-700" }, "Only today"),
  footer: () => element("Section", {}, element("Hr", {}), element("Link", { href: `${shop}/unsubscribe` }, "Unsubscribe")),
};
const notes = {
  news: ["title", "picture", "text", "pair", "button", "footer"], short: ["text"], written: ["title", "written", "footer"],
  pictures: ["picture", "picture", "button"], styled: ["title", "classes", "button", "footer"], deals: ["classes", "pair", "pair", "footer"],
};
for (const [name, parts] of Object.entries(notes)) {
  const body = element("Body", {}, element("Preview", {}, "A fifth off"), element("Container", {}, ...parts.map((one) => blocks[one]())));
  const made = element("Html", { lang: "en" }, element("Head", {}), body);
  const { render } = await import(pathToFileURL(require.resolve("@react-email/render")));
  mails[`react-email/${name}.html`] = await render(parts.includes("classes") ? element("Tailwind", {}, made) : made);
}

// mjml: sections as newsletters have them, put together in many ways.
const mjml2html = require("mjml").default ?? require("mjml");
const sections = {
  hero: `<mj-hero mode="fluid-height" background-width="600px" background-height="300px" background-url="${shop}/hero.jpg" background-color="#2a3448" padding="60px 0"><mj-text color="#ffffff" font-size="28px" align="center">Spring is here</mj-text><mj-button href="${shop}/spring">See it all</mj-button></mj-hero>`,
  text: `<mj-section><mj-column><mj-text font-size="18px">Good to see you again</mj-text><mj-text>Chairs, tables and everything green, a fifth off until Sunday night.</mj-text></mj-column></mj-section>`,
  columns: `<mj-section>${["Chairs", "Tables", "Lamps"].map((one) => `<mj-column><mj-image src="${shop}/${one}.jpg" alt="${one}" href="${shop}/${one}" /><mj-text align="center">${one}</mj-text></mj-column>`).join("")}</mj-section>`,
  side: `<mj-section background-color="#f4f4f4"><mj-column width="40%"><mj-image src="${shop}/garden.jpg" /></mj-column><mj-column width="60%"><mj-text><a href="${shop}/garden">Your garden</a> in three steps</mj-text><mj-button background-color="#e2a03f" color="#ffffff" href="${shop}/steps">Read on</mj-button></mj-column></mj-section>`,
  table: `<mj-section><mj-column><mj-table><tr style="border-bottom:1px solid #ecedee"><th align="left">Item</th><th align="right">Price</th></tr><tr><td>Chair</td><td align="right">$49.00</td></tr><tr><td>Bench</td><td align="right">$149.00</td></tr></mj-table></mj-column></mj-section>`,
  carousel: `<mj-section><mj-column><mj-carousel>${[1, 2, 3].map((one) => `<mj-carousel-image src="${shop}/${one}.jpg" alt="Room ${one}" href="${shop}/rooms/${one}" />`).join("")}</mj-carousel></mj-column></mj-section>`,
  accordion: `<mj-section><mj-column><mj-accordion><mj-accordion-element><mj-accordion-title>Delivery</mj-accordion-title><mj-accordion-text>Two days.</mj-accordion-text></mj-accordion-element><mj-accordion-element><mj-accordion-title>Returns</mj-accordion-title><mj-accordion-text>Thirty days.</mj-accordion-text></mj-accordion-element></mj-accordion></mj-column></mj-section>`,
  navbar: `<mj-section><mj-column><mj-navbar base-url="${shop}" hamburger="hamburger"><mj-navbar-link href="/new">New</mj-navbar-link><mj-navbar-link href="/sale">Sale</mj-navbar-link></mj-navbar></mj-column></mj-section>`,
  social: `<mj-section><mj-column><mj-social><mj-social-element name="facebook" href="https://social.example/shop">Share</mj-social-element><mj-social-element name="x" href="https://social.example/shop">Post</mj-social-element></mj-social></mj-column></mj-section>`,
  footer: `<mj-section><mj-column><mj-divider border-color="#dddddd" border-width="1px" /><mj-text font-size="11px" color="#777777" align="center">You get this as a customer of Shop. <a href="${shop}/unsubscribe">Unsubscribe</a></mj-text></mj-column></mj-section>`,
};
const heads = {
  plain: "",
  styled: `<mj-title>Spring</mj-title><mj-preview>Everything green, a fifth off</mj-preview><mj-font name="Raleway" href="https://fonts.example.com/css?family=Raleway" /><mj-attributes><mj-all font-family="Raleway, Arial" /><mj-text line-height="1.5" /></mj-attributes><mj-style>.link { color: #2946c4 }</mj-style><mj-style inline="inline">a { text-decoration: none }</mj-style>`,
  dark: `<mj-raw><meta name="color-scheme" content="light dark"></mj-raw><mj-style>@media (prefers-color-scheme: dark) { .body { background: #111 } }</mj-style>`,
};
const letters = {
  news: ["navbar", "hero", "columns", "side", "social", "footer"], letter: ["text", "footer"], shop: ["hero", "columns", "columns", "footer"],
  receipt: ["text", "table", "footer"], questions: ["text", "accordion", "social"], rooms: ["carousel", "text", "footer"],
  bare: ["text"], mixed: ["navbar", "text", "side", "table", "accordion", "carousel"], long: [..."123456"].flatMap(() => ["text", "columns", "side"]),
  menu: ["navbar", "side", "side", "social", "footer"],
};
for (const [head, inHead] of Object.entries(heads)) {
  for (const [name, parts] of Object.entries(letters)) {
    const lang = head === "plain" ? "" : ' lang="en"';
    const source = `<mjml${lang}><mj-head>${inHead}</mj-head><mj-body width="600px">${parts.map((one) => sections[one]).join("")}</mj-body></mjml>`;
    const made = await mjml2html(source, { validationLevel: "strict" });
    mails[`mjml/${head}/${name}.html`] = made.html;
  }
}
process.stdout.write(JSON.stringify(mails));
