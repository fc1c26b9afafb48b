-- The module "digits.search": searches for the best parameters of a model. All of it is in
-- searches.lua, which is loaded when first used: it is a third of the library's Lua.
return {
  file = "searches",
  "choice",
  "grid",
  "halving",
  "integer",
  "log_uniform",
  "random",
  "uniform",
}
