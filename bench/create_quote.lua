-- wrk: one createQuote mutation a request, customers drawn from 10,000; counts answers without "success":true.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  sent, bad = 0, 0
  math.randomseed(os.time())
end

local text = '{"query":"mutation($a:Float!,$c:ID!){createQuote(amount:$a,customerId:$c){success eventId}}",'
  .. '"variables":{"a":%d.5,"c":"c%d"}}'

function request()
  sent = sent + 1
  local headers = { ["Content-Type"] = "application/json" }
  return wrk.format("POST", "/graphql", headers, text:format(sent % 1000, math.random(1, 10000)))
end

function response(status, headers, body)
  if status ~= 200 or not body:find('"success":true', 1, true) then
    bad = bad + 1
  end
end

function done(summary, latency)
  local failed = 0
  for _, thread in ipairs(threads) do
    failed = failed + (thread:get("bad") or 0)
  end
  local errors = summary.errors
  io.write(string.format("RESULT %.0f %.3f %.3f %d\n", summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    failed + errors.connect + errors.read + errors.write + errors.timeout))
end
