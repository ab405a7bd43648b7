import { runInFolder } from '../../support/run-in-folder.ts'

const prompt = '$ akv-injector '

/** The lines of a transcript that are commands. */
export function commandsOf(transcript = ''): readonly string[] {
  return transcript.split('\n').filter((line) => line.startsWith(prompt))
}

/** Runs the commands of a transcript, and returns a new one with their outputs. */
export async function transcriptOf(
  expected: string | undefined,
  folder: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const parts: string[] = []
  for (const line of commandsOf(expected)) {
    const args = line.slice(prompt.length).split(' ')
    const { code, stdout, stderr } = await runInFolder(folder, args, env)
    parts.push(`${line}\n${stdout}--- standard error\n${stderr}exit code ${code}\n`)
  }
  return parts.join('\n')
}
