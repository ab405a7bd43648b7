#!/usr/bin/env node
'use strict'
// The published package's command. It is written in old syntax, which Node 10 can parse, so that an old Node prints a
// sentence instead of a SyntaxError, and loads the bundle only if this Node can run it.
var fs = require('fs')
var path = require('path')
var oldest = 22
var found = process.versions.node
if (Number(found.split('.')[0]) < oldest) {
  console.error(
    'akv-injector needs Node.js ' + oldest + ' or later, but this is ' + found + ' (' + process.execPath + ').',
  )
  process.exitCode = 2
} else if (!fs.existsSync(path.join(__dirname, '../dist/main.js'))) {
  console.error('akv-injector has no bundle here. In a checkout, run: npm run --silent akv-injector -- --help')
  process.exitCode = 2
} else {
  require('../dist/main.js')
}
