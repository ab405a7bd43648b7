import { addCopyButtons } from './copy-buttons.ts'
import { connectSearch } from './search-box.ts'

addCopyButtons()
connectSearch()
