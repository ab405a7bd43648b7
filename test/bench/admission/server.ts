// Runs as a process: `webhook` or `bare`. It reports its port, and its usage on request.

const [, , kind = '', tlsDir = ''] = process.argv

// Each variant imports only its own modules, because the bench also compares memory.
async function start(): Promise<number> {
  if (kind === 'bare') return (await import('./bare-server.ts')).startBareServer(tlsDir)
  const { startWebhook } = await import('../../../webhook/http/start-webhook.ts')
  const { testSettings } = await import('../../webhook/http/test-settings.ts')
  return (await startWebhook({ settings: testSettings(tlsDir) })).address.port
}

const port = await start()
process.on('message', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  process.send?.({
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    residentBytes: process.memoryUsage.rss(),
    peakBytes: maxRSS * 1024,
  })
})
process.send?.({ port })
