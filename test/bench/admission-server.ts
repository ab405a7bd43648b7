// A process of its own: `webhook`, or `bare`. Says where it listens, and what memory it takes when asked.

const [, , kind = '', tlsDir = ''] = process.argv

// Each imports only what it needs, as memory is compared too.
async function start(): Promise<number> {
  if (kind === 'bare') return (await import('./bare-server.ts')).startBareServer(tlsDir)
  const { startWebhook } = await import('../../webhook/http/start-webhook.ts')
  const { testSettings } = await import('../webhook/http/test-settings.ts')
  return (await startWebhook({ settings: testSettings(tlsDir) })).address.port
}

const port = await start()
process.on('message', () =>
  process.send?.({
    residentBytes: process.memoryUsage.rss(),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
)
process.send?.({ port })
