import t from 'tap'
import { linkTo, readLink } from '../../web/page/link.ts'

const shared = {
  text: 'kind: Pod # 🔑 </script>\n'.repeat(100),
  namespace: 'shop',
  settings: 'AKV_INJECTOR_DEFAULT_VAULT=team-a',
}

t.test('a link gives back what was put into it', async (t) => {
  const link = (await linkTo(shared)) ?? ''
  t.match(link, /^#1\.[\w-]+$/)
  t.ok(link.length < 400, 'it is packed')
  t.strictSame(await readLink(link), shared)
})

t.test('a link that would be too large isn’t made', async (t) => {
  t.equal(await linkTo({ ...shared, text: 'x'.repeat(1024 * 1024) }), undefined)
})

const packed = async (value: unknown) => {
  const stream = new Blob([JSON.stringify(value)]).stream()
  const bytes = await new Response(
    stream.pipeThrough(new CompressionStream('deflate-raw')),
  ).arrayBuffer()
  return `#1.${Buffer.from(bytes).toString('base64url')}`
}

t.test('a hostile link gives nothing', async (t) => {
  const whole = await packed([shared.text, shared.namespace, shared.settings])
  t.ok(await readLink(whole))
  for (const [name, link] of Object.entries({
    empty: '',
    foreign: '#top',
    'without content': '#1.',
    'of another alphabet': '#1.%00%ff<script>',
    damaged: whole.slice(0, -8),
    'of a number': await packed(1),
    'of too few': await packed(['', '']),
    'of others than texts': await packed([1, {}, null]),
    long: `#1.${'A'.repeat(300 * 1024)}`,
    'that unpacks to much': await packed(['x'.repeat(20 * 1024 * 1024), '', '']),
  }))
    t.equal(await readLink(link), undefined, name)
})
