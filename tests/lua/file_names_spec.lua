-- The names of model files, and files that are something else.
local support = require "tests.lua.support"
local digits = require "digits"
local nn, tree = digits.nn, digits.tree

describe("model files", function()
  local folder, model
  setup(function()
    folder = support.folder()
    model = nn.Sequential { nn.Input { 2 }, nn.Dense { 2 } }
  end)
  teardown(function() support.remove(folder) end)

  local function fails(...)
    return support.message(...):gsub(folder, "DIR")
  end

  local function load_fails(path)
    return (fails(function() digits.load(path) end))
  end

  it("are refused the endings of other formats", function()
    for ending, kind in pairs { onnx = "ONNX", h5 = "HDF5", H5 = "HDF5", hdf5 = "HDF5",
      keras = "Keras", npz = "NumPy", npy = "NumPy", pkl = "Python's pickle",
      pickle = "Python's pickle", pt = "PyTorch", pth = "PyTorch", joblib = "joblib",
      ubj = "UBJSON", tflite = "TensorFlow Lite", pb = "TensorFlow", csv = "CSV", png = "PNG",
      lua = "Lua", gz = "gzip" } do
      local path = folder .. "/m." .. ending
      assert.are.equal(("cannot write DIR/m.%s: its ending is that of %s files, but a Network " ..
        "is saved as safetensors: use a name that ends in .safetensors"):format(ending, kind),
        (fails(function() model:save(path) end)))
      assert.is_nil(io.open(path))
    end
  end)

  it("of boosting may be XGBoost's JSON, and no other's", function()
    local boost = tree.GradientBoosting { 1 }
    boost:fit(digits.tensor { { 1, 2 }, { 3, 4 } }, digits.tensor { 0, 1 }, { verbose = 0 })
    boost:save(folder .. "/b.json")
    assert.are.equal("cannot write DIR/b.ubj: its ending is that of UBJSON files, but a " ..
      "GradientBoosting is saved as safetensors or as XGBoost's JSON: use a name that ends in " ..
      ".safetensors or .json", (fails(function() boost:save(folder .. "/b.ubj") end)))
    assert.matches("XGBoost's JSON is for GradientBoosting, not for a Network",
      (fails(function() model:save(folder .. "/m.json") end)))
  end)

  it("may have no ending, or one that nobody claims", function()
    for _, name in ipairs { "m", "m.safetensors", "m.v1", "m.model", "pt", "h5" } do
      model:save(folder .. "/" .. name)
      assert.are.same(model:summary(), digits.load(folder .. "/" .. name):summary())
    end
  end)

  it("of other programs are named for what they are by their first bytes", function()
    for bytes, kind in pairs {
      ["\x89HDF\r\n\x1a\n123"] = "HDF5, which Keras wrote as .h5",
      ["PK\3\4abcdefghijk"] = "a zip archive, as Keras, PyTorch and NumPy's npz are",
      ["\x93NUMPY\1\0abcdefgh"] = "a NumPy array",
      ["\x80\4\x95abcdefghijk"] = "a Python pickle",
      ["\x1f\x8babcdefghijklm"] = "compressed with gzip",
    } do
      local path = support.write(folder .. "/what", bytes)
      assert.are.equal(("DIR/what: is %s; a model is read from a safetensors file that " ..
        "model:save wrote, or from XGBoost's JSON"):format(kind), load_fails(path))
    end
  end)

  it("of other programs are named by their ending where the bytes say nothing", function()
    local path = support.write(folder .. "/m.onnx", "\8\7\18\7pytorch\26\0")
    assert.matches("^DIR/m%.onnx: is not a safetensors file, but ONNX by its name; a model is read",
      load_fails(path))
    model:save(folder .. "/m.safetensors")
    local kept = support.write(folder .. "/old.h5", support.read(folder .. "/m.safetensors"))
    assert.are.same(model:summary(), digits.load(kept):summary()) -- as was written before
  end)
end)
