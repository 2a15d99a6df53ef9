import eslint from "@eslint/js";
import pulumi from "@pulumi/eslint-plugin";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

/** Rooms that a folder may not reach into; dependencies point one way (docs/architecture.md). */
const walls = (files, ...patterns) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: patterns.map(([group, message]) => ({ group, message })) }] },
});

const RUNTIME_CODE = [
  ["**/runtime/**", "!**/runtime/exports", "!**/runtime/exports/*"],
  "only runtime/exports may be used from here",
];

/** Folders below runtime/. */
const ENGINES = [
  "scalability/elastic-resource-manager",
  "scalability/auto-scaling-engine",
  "scalability/global-load-balancer",
  "scalability/resource-pool-manager",
  "scalability/performance-optimizer",
  "sustainability/carbon-monitor",
  "sustainability/green-scheduler",
  "sustainability/energy-optimizer",
  "sustainability/sustainability-reporter",
  "security/quantum-cryptography",
  "security/threat-detection",
  "security/behavioral-authentication",
  "security/zero-trust-gateway",
  "security/security-intelligence",
];

export default tseslint.config(
  {
    ignores: [".mno/**", "dist/**", "node_modules/**", "coverage/**", "bench/results/**", "test/support/workloads/**"],
  },
  eslint.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ["**/*.ts"],
    plugins: { "@pulumi": pulumi },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { disallowTypeAnnotations: false, fixStyle: "inline-type-imports" },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { arguments: false } }],
      "no-console": "error",
      eqeqeq: "error",
    },
  },
  walls(["components/**/*.ts", "stacks/**/*.ts"], RUNTIME_CODE, [
    ["**/tools/**", "**/test/**"],
    "tools and tests are not part of the library",
  ]),
  walls(["policies/**/*.ts"], RUNTIME_CODE, [["**/stacks/**", "**/tools/**"], "policies stand alone"]),
  walls(
    ["runtime/kernel/**/*.ts"],
    [
      ["**/scalability/**", "**/sustainability/**", "**/runtime/security/**", "**/components/**", "**/stacks/**"],
      "the kernel knows no engine and no component",
    ],
  ),
  walls(["factors/**/*.ts"], [["../**"], "factors are data: they need nothing"]),
  ...ENGINES.map((engine) =>
    walls(
      [`runtime/${engine}/**/*.ts`],
      [
        ENGINES.filter((other) => other !== engine).map((other) => `**/${other.split("/")[1]}/**`),
        "engines meet in events and HTTP only",
      ],
    ),
  ),
  {
    files: ["test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      globals: Object.fromEntries(
        ["process", "console", "require", "module", "exports", "__dirname", "AbortController"].map((name) => [
          name,
          "writable",
        ]),
      ),
    },
  },
  // Programs that tests hand to Pulumi and to the supervisor are plain CommonJS.
  { files: ["test/**/*.js"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  prettier,
);
