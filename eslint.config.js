import js from '@eslint/js';
import stylistic from '@stylistic/eslint-plugin';
import {configs as lit} from 'eslint-plugin-lit';
import {defineConfig, globalIgnores} from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['dist/', 'node_modules/', 'coverage/', '.tmp/', 'server/stubs/', 'bench/results/']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked, lit['flat/recommended']],
    languageOptions: {parserOptions: {projectService: true, tsconfigRootDir: import.meta.dirname}},
    rules: {
      '@typescript-eslint/array-type': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-unused-vars': ['error', {argsIgnorePattern: '^_', varsIgnorePattern: '^_'}],
      // `return resolve()` and short arrows that call something void are plain to read.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off', // where an index or a key is known to be there, `!` says so
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true}],
      // `T[K] | undefined` under noUncheckedIndexedAccess is checked by the compiler; this rule adds noise for remote input.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // An interface with generics that appear once, such as typed addEventListener overloads, is this project's habit.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/require-await': 'off', // an async function turns a throw into a rejection, which is often the point
      '@typescript-eslint/prefer-promise-reject-errors': 'off', // reasons of AbortSignals are `unknown`
    },
  },
  {
    files: ['**/*.{js,mjs,ts}'],
    plugins: {'@stylistic': stylistic},
    rules: {
      'no-empty': 'error', // an empty catch hides what went wrong; say why with a comment inside
      'no-restricted-syntax': ['error',
        {selector: 'TSEnumDeclaration', message: 'Use a union of strings.'},
        {selector: 'ExportDefaultDeclaration', message: 'Use a named export.'},
        {selector: 'PropertyDefinition[accessibility="private"]', message: 'Use #private.'},
        {selector: 'MethodDefinition[accessibility="private"]', message: 'Use #private.'},
      ],
      '@stylistic/array-bracket-spacing': 'error',
      '@stylistic/arrow-parens': ['error', 'as-needed'],
      '@stylistic/comma-dangle': ['error', 'only-multiline'],
      '@stylistic/eol-last': 'error',
      '@stylistic/indent': ['error', 2, {
        SwitchCase: 1, ignoredNodes: ['TemplateLiteral *', 'ConditionalExpression', 'TSUnionType', 'TSConditionalType'],
        flatTernaryExpressions: true, offsetTernaryExpressions: false,
        FunctionDeclaration: {parameters: 'off'}, FunctionExpression: {parameters: 'off'}, CallExpression: {arguments: 'off'},
        ArrayExpression: 'off', MemberExpression: 'off', VariableDeclarator: 'off',
      }],
      '@stylistic/keyword-spacing': 'error',
      '@stylistic/max-len': ['error', {code: 140, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true}],
      '@stylistic/no-multiple-empty-lines': ['error', {max: 1}],
      '@stylistic/no-tabs': 'error',
      '@stylistic/no-trailing-spaces': 'error',
      '@stylistic/object-curly-spacing': 'error',
      '@stylistic/quotes': ['error', 'single', {avoidEscape: true, allowTemplateLiterals: 'avoidEscape'}],
      '@stylistic/semi': 'error',
      '@stylistic/space-before-blocks': 'error',
      '@stylistic/space-infix-ops': 'error',
    },
  },
  {
    files: ['src/mesh/**', 'src/room/**'],
    rules: {'no-console': 'error'}, // a guest on somebody's page does not write into its console: report by event and state
  },
  {
    files: ['**/*.test.ts', 'test/**', '**/compliance.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off', // chai's `to.be.true`
      '@typescript-eslint/no-floating-promises': ['error', { // node:test's own functions need no await
        allowForKnownSafeCalls: [{from: 'package', package: 'node:test', name: ['describe', 'it', 'test', 'suite']}],
      }],
      // Untyped replies of real pages and servers are narrowed by the assertions themselves.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  {
    files: ['*.config.js', '*.config.mjs'], // their tools ask for a default export
    languageOptions: {globals: {process: 'readonly'}},
    rules: {'no-restricted-syntax': 'off'},
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {sourceType: 'commonjs', globals: {crypto: 'readonly', TextDecoder: 'readonly', TextEncoder: 'readonly'}},
  },
);
