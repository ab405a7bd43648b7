import { addCopyButtons } from './copy-buttons.ts'
import { connectSearch } from './search-box.ts'
import { connectSteps } from './step-through.ts'

addCopyButtons()
connectSearch()
connectSteps()
