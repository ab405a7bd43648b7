import t from 'tap'
import { labelValueOf, version, versionLabel } from '../../lib/version.ts'

const labelValue = /^[0-9A-Za-z]([\w.-]{0,61}[0-9A-Za-z])?$/

t.test('a version is a valid value of a label', async (t) => {
  t.match(versionLabel, labelValue)
  t.equal(versionLabel, labelValueOf(version))
  t.equal(labelValueOf('1.2.3-rc.1+build.5'), '1.2.3-rc.1_build.5')
})
