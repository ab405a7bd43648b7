// npm run web:picture: draws the README's pictures of the playground from the page itself, in Chromium.

import { writePictures } from '../../docs/picture/write-pictures.ts'
import { takePictures } from './take-pictures.ts'

writePictures(await takePictures())
