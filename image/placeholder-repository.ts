/**
 * The image in `manifests/install.yaml`, and what `npm run image` builds by default. No registry can have it, because nobody
 * can own a domain below `.invalid` (RFC 2606): a checkout names no image that somebody else could publish.
 */
export const placeholderRepository = 'registry.invalid/akv-injector'
