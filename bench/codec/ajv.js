// Nanoseconds an event takes ajv with JSON.parse and JSON.stringify:  ajv.js FOLDER SAMPLES.json SECONDS
// FOLDER has EVENT.schema.json of each event. The lines are those of codec_bench.
'use strict'
const fs = require('fs')
const path = require('path')
const Ajv = require('ajv/dist/2020')
const addFormats = require('ajv-formats')

const [folder, samples, seconds] = process.argv.slice(2)
const ROUNDS = 5
const BATCH = 200

function measure(run) {
  const rounds = []
  for (let round = -1; round < ROUNDS; round++) {
    // the first warms up
    const begin = process.cpuUsage()
    const until = process.hrtime.bigint() + BigInt(Math.round((Number(seconds) * 1e9) / (ROUNDS + 1)))
    let events = 0
    while (process.hrtime.bigint() < until) {
      for (let i = 0; i < BATCH; i++) run()
      events += BATCH
    }
    const used = process.cpuUsage(begin)
    if (round >= 0) rounds.push(((used.user + used.system) * 1000) / events)
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1]
}

for (const [event, payload] of Object.entries(JSON.parse(fs.readFileSync(samples, 'utf8')))) {
  const ajv = new Ajv({ strict: false })
  addFormats(ajv)
  const validate = ajv.compile(JSON.parse(fs.readFileSync(path.join(folder, `${event}.schema.json`), 'utf8')))
  const text = JSON.stringify(payload)
  const check = (value) => {
    if (!validate(value)) throw new Error(`${event}: ${JSON.stringify(validate.errors)}`)
  }
  const encode = () => {
    check(payload)
    return Buffer.from(JSON.stringify(payload))
  }
  const bytes = Buffer.from(text)
  const decode = () => check(JSON.parse(bytes.toString()))
  console.log(`${event} ajv encode ${measure(encode).toFixed(0)} ${bytes.length}`)
  console.log(`${event} ajv decode ${measure(decode).toFixed(0)} ${bytes.length}`)
}
