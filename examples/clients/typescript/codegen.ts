import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "schema.graphql",
  documents: ["src/operations.ts"],
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        importExtension: ".js",
        emitLegacyCommonJSImports: false,
        useTypeImports: true,
        scalars: { ID: "string", DateTime: "string", Position: "string", JSON: "unknown" },
        strictScalars: true,
      },
    },
  },
};

export default config;
