#!/usr/bin/env node
import { runCommandLine } from './command-line.ts'

// At once: what a command leaves open (an idle connection, a timer) is of no use to anybody once it has ended.
process.exit(await runCommandLine(process.argv.slice(2)))
