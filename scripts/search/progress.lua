-- The progress of a search: a line for each trial, and on a terminal a bar with the remaining time.
local core = require "digits.core"
local duration = require "digits.duration"
local internals = core.internals
local space = require "digits.search.space"

local WIDTH = 24 -- of the bar

local progress = {}
progress.__index = progress

-- verbose: 0 is silent. count: the number of trials.
function progress.new(verbose, count)
  return setmetatable({ verbose = verbose, count = count, ended = 0, done = 0, planned = 0,
    terminal = verbose > 0 and internals.is_terminal() }, progress)
end

-- Announces trials that begin now; `rounds` more batches of the same weight will follow.
function progress:plan(trials, rounds)
  local weight = 0
  for _, trial in ipairs(trials) do weight = weight + trial.weight end
  self.planned = self.done + weight * (1 + (rounds or 0))
  self.began = self.began or core.clock()
end

-- "245 s left", or nil while there is nothing to estimate it from.
function progress:left(part)
  local done = self.done + part
  if done <= 0 or not self.began then return nil end
  local seconds = (core.clock() - self.began) / done * (self.planned - done)
  return duration(math.max(seconds, 0)) .. " left"
end

-- part: the weight of the finished part of the running trials.
function progress:draw(part)
  if not self.terminal then return end
  local share = self.planned > 0 and (self.done + part) / self.planned or 0
  local full = math.floor(WIDTH * math.min(share, 1))
  io.stdout:write("\r[", ("="):rep(full), ("."):rep(WIDTH - full), "] ",
    ("%d of %d trials"):format(self.ended, self.count), "  ", self:left(part) or "", "\27[K")
  io.stdout:flush()
  self.drawn = true
end

function progress:say(text)
  if self.verbose < 1 then return end
  io.stdout:write(self.drawn and "\r\27[K" or "", text, "\n")
  io.stdout:flush()
  self.drawn = false
end

-- Reports a trial that ended, now or in an earlier run.
function progress:trial(trial, names, metric)
  self.ended = self.ended + 1
  self.done = self.done + (trial.weight or 0)
  if trial.restored then return end
  local params = {}
  for i, name in ipairs(names) do params[i] = name .. " = " .. space.text(trial.params[name]) end
  local score = trial.scores[metric]
  local left = self.ended < self.count and self:left(0)
  self:say(("trial %d of %d: %s  %s  (%s)%s"):format(trial.number, self.count,
    trial.error and "failed: " .. trial.error:match "[^\n]*"
      or ("%s %.4f"):format(metric, score),
    duration(trial.seconds), table.concat(params, ", "), left and "  " .. left or ""))
end

-- Removes the bar.
function progress:__close()
  if self.drawn then io.stdout:write "\r\27[K" end
  self.drawn = false
end

return progress
