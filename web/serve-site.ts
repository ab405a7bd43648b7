import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname } from 'node:path'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

/** Serves files that are in memory, so no path leads to another file of this machine. */
export function createSiteServer(files: ReadonlyMap<string, string>): Server {
  return createServer((request, response) => answer(request, response, files))
}

function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, string>,
): void {
  const [path = ''] = url.slice(1).split(/[?#]/, 1)
  const name = path === '' || path.endsWith('/') ? `${path}index.html` : path
  const content = files.get(name)
  const isRead = method === 'GET' || method === 'HEAD'
  const status = isRead ? (content === undefined ? 404 : 200) : 405
  response.writeHead(status, {
    'content-type': status === 200 ? types[extname(name)] : 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(status === 200 ? content : 'The site has no such file.\n')
}
