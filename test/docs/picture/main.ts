import { makePictures } from './make-pictures.ts'
import { writePictures } from './write-pictures.ts'

/** `npm run picture`: draws the README's pictures from a run of the demo. */
writePictures(await makePictures())
