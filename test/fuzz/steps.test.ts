import fc from 'fast-check'
import t from 'tap'
import { parseEnvFile } from '../../init-agent/volume/env-file.ts'
import { readElements, UnreadableError } from '../../keyvault/formats/der.ts'
import { readPem } from '../../keyvault/formats/pem.ts'
import { allProperties, pickProperty, readJsonDocument } from '../../keyvault/formats/property.ts'
import { parseObjectList } from '../../requests/annotations/objects/parse-object-list.ts'
import { parseTemplate } from '../../requests/annotations/objects/parse-template.ts'
import { parseCsiObjects } from '../../requests/annotations/objects/read-csi-objects.ts'
import { countSteps } from '../support/count-steps.ts'
import { fuzz } from './harness/fuzz.ts'
import { deepJson, pumped } from './harness/hostile.ts'
import {
  envFilePieces,
  jsonPieces,
  listPieces,
  pemPieces,
  templatePieces,
  yamlPieces,
} from './harness/pieces.ts'

interface Reader {
  readonly read: (text: string) => unknown
  /** Texts up to the maximum length that the reader accepts or is called with. */
  readonly texts: fc.Arbitrary<string>
  /** Work that grows faster than the text would exceed this for long texts. */
  readonly maxStepsPerCharacter: number
}

const readers: Readonly<Record<string, Reader>> = {
  DER: {
    read: (text) => orUnreadable(() => readElements(Buffer.from(text, 'latin1'), 'it')),
    texts: pumped(
      ['\x30\x80', '\x24\x80', '\0\0', '\x04\0', '\x30\x82\x10\0', '\xa0\x02', '\0'],
      32_000,
    ),
    maxStepsPerCharacter: 20,
  },
  PEM: { read: readPem, texts: pumped(pemPieces, 30_000), maxStepsPerCharacter: 10 },
  JSON: {
    read: (text) => {
      const document = readJsonDocument(text)
      if (document.kind === 'invalid') return
      pickProperty(document.value, 'a.a.a.0.a')
      allProperties(document.value)
    },
    texts: fc.oneof(pumped(jsonPieces, 30_000), deepJson),
    maxStepsPerCharacter: 30,
  },
  'an object list of the CSI driver': {
    read: (text) => parseCsiObjects(text, { vault: 'team-a' }),
    texts: pumped(yamlPieces, 33_000),
    maxStepsPerCharacter: 300,
  },
  'an object list': {
    read: (text) => parseObjectList(text, { defaultVault: 'team-a' }),
    texts: pumped(listPieces, 100_000),
    maxStepsPerCharacter: 10,
  },
  'a template': {
    read: (text) => parseTemplate(text, 'team-a'),
    texts: pumped(templatePieces, 100_000),
    maxStepsPerCharacter: 10,
  },
  'an env file': {
    read: (text) => parseEnvFile(Buffer.from(text)),
    texts: pumped(envFilePieces, 100_000),
    maxStepsPerCharacter: 10,
  },
}

/** The fixed cost of any text, such as an error message. */
const baseSteps = 5_000

for (const [name, { read, texts, maxStepsPerCharacter }] of Object.entries(readers))
  t.test(`${name}: the work grows no faster than the text`, async (t) => {
    let highest = 0
    const property = fc.property(texts, (text) => {
      const { steps } = countSteps(() => read(text))
      highest = Math.max(highest, (steps - baseSteps) / (text.length + 1))
      if (steps > baseSteps + text.length * maxStepsPerCharacter)
        throw new Error(`${steps} steps for ${text.length} characters`)
    })
    await fuzz(t, property)
    t.comment(`at most ${Math.ceil(highest)} steps per character`)
  })

function orUnreadable(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
  }
}
