/** For `npx wtr --watch src/…`. `npm test` runs everything, see scripts/test.ts. */
import {register} from 'tsx/esm/api';

register(); // the helpers are TypeScript
const {testRunnerConfig} = await import('./test/helpers/runner-config.ts');

export default await testRunnerConfig();
