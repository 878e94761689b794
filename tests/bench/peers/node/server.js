// The collector on Node: fastify, and pg with a pool and named (prepared) statements, in a cluster where BENCH_WORKERS is over 1.
'use strict'

const cluster = require('node:cluster')
const { randomUUID } = require('node:crypto')
const { readFileSync } = require('node:fs')
const fastify = require('fastify')
const { Pool } = require('pg')

const PORT = Number(process.env.BENCH_PORT)
const WORKERS = Number(process.env.BENCH_WORKERS)
const COLUMNS = process.env.BENCH_COLUMNS.split(',')
const POOL_SIZE = 16 // of each process

const HEADERS = {
  'content-type': 'application/json',
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET,POST,OPTIONS'
}

function statement (name) {
  return { name, text: readFileSync(`${process.env.BENCH_SQL}/${name}.sql`, 'utf8') }
}

const WRITE_ONE = statement('write_one')
const WRITE_MANY = statement('write_many')
const READ_TYPE = statement('read_type')

function isEvent (event) {
  return typeof event === 'object' && event !== null && typeof event.event_type === 'string' && typeof event.session_id === 'string'
}

// All members but the key.
function properties ({ event_type: _type, session_id: _session, ...rest }) {
  return JSON.stringify(rest)
}

function byKey (a, b) {
  if (a.event_type !== b.event_type) return a.event_type < b.event_type ? -1 : 1
  return a.session_id < b.session_id ? -1 : a.session_id > b.session_id ? 1 : 0
}

function columnOf (events, column, now) {
  switch (column) {
    case 'event_type': return events.map(event => event.event_type)
    case 'session_id': return events.map(event => event.session_id)
    case 'event_id': return events.map(() => randomUUID())
    case 'properties': return events.map(properties)
    default: return events.map(() => now)
  }
}

function serve () {
  const pool = new Pool({ max: POOL_SIZE })
  const app = fastify({ logger: false, bodyLimit: 1024 * 1024, keepAliveTimeout: 60000 })

  app.setErrorHandler((error, request, reply) => {
    const status = error.statusCode ?? 500
    reply.code(status).headers(HEADERS).send({ error: status < 500 ? error.message : 'Internal server error' })
  })

  app.post('/synchrony_data_analytics', async (request, reply) => {
    const body = request.body
    const events = Array.isArray(body) ? body : [body]
    reply.headers(HEADERS)
    if (!events.length || !events.every(isEvent)) {
      return reply.code(400).send({ error: 'Missing required fields: event_type and session_id' })
    }
    if (!Array.isArray(body)) {
      await pool.query({ ...WRITE_ONE, values: [body.event_type, body.session_id, properties(body)] })
      return reply.code(201).send('{"message":"Data inserted successfully"}')
    }
    events.sort(byKey) // two batches lock the same rows in the same order
    const now = new Date().toISOString()
    await pool.query({ ...WRITE_MANY, values: COLUMNS.map(column => columnOf(events, column, now)) })
    return reply.code(201).send({ message: 'Data inserted successfully', received: events.length, inserted: events.length })
  })

  app.get('/synchrony_data_analytics', async (request, reply) => {
    const type = request.query.event_type
    reply.headers(HEADERS)
    if (typeof type !== 'string') return reply.code(400).send({ error: 'Missing required query parameter: event_type' })
    const { rows } = await pool.query({ ...READ_TYPE, values: [type], rowMode: 'array' })
    return reply.send(rows[0][0])
  })

  app.listen({ port: PORT, host: '127.0.0.1' })
}

if (WORKERS > 1 && cluster.isPrimary) {
  for (let i = 0; i < WORKERS; i++) cluster.fork()
  cluster.on('exit', () => cluster.fork())
} else {
  serve()
}
