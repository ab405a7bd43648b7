/** The agent as the image runs it, for tests: `agent-process.ts ROOT TERMINATION_LOG`. */

import { agentMain } from '../../../init-agent/main.ts'

const [root = '', terminationLog = ''] = process.argv.slice(2)
process.exit(await agentMain({ root, terminationLog }))
