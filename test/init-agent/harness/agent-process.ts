/** The agent as the image runs it, for tests: `agent-process.ts agent --root ROOT --termination-log FILE`. */

import { agentOptions } from '../../../cli/agent-options.ts'
import { agentMain } from '../../../init-agent/main.ts'

process.exit(await agentMain(agentOptions(process.argv.slice(2))))
