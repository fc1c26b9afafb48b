/* The format of a file, by its ending and by its first bytes. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/store/learner_json.h"

/* Endings of other formats: whoever finds such a file expects that format. */
static const struct {
    const char *ending, *kind;
} endings[] = {
    { ".onnx", "ONNX" },
    { ".h5", "HDF5" },
    { ".hdf5", "HDF5" },
    { ".keras", "Keras" },
    { ".npz", "NumPy" },
    { ".npy", "NumPy" },
    { ".pkl", "Python's pickle" },
    { ".pickle", "Python's pickle" },
    { ".joblib", "joblib" },
    { ".pt", "PyTorch" },
    { ".pth", "PyTorch" },
    { ".ckpt", "checkpoint" },
    { ".pb", "TensorFlow" },
    { ".tflite", "TensorFlow Lite" },
    { ".mlmodel", "Core ML" },
    { ".gguf", "GGUF" },
    { ".msgpack", "MessagePack" },
    { ".ubj", "UBJSON" },
    { ".json", "JSON" },
    { ".jsonl", "JSON" },
    { ".pmml", "PMML" },
    { ".xml", "XML" },
    { ".yaml", "YAML" },
    { ".yml", "YAML" },
    { ".csv", "CSV" },
    { ".tsv", "CSV" },
    { ".txt", "text" },
    { ".html", "HTML" },
    { ".lua", "Lua" },
    { ".py", "Python" },
    { ".svg", "SVG" },
    { ".png", "PNG" },
    { ".pdf", "PDF" },
    { ".zip", "zip" },
    { ".gz", "gzip" },
};

const char *dg_file_kind_by_ending(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i].ending);
        if (length >= ending && strcasecmp(path + length - ending, endings[i].ending) == 0)
            return endings[i].kind;
    }
    return NULL;
}

static const struct {
    size_t at, count;
    const char *bytes, *kind;
} signs[] = {
    { 0, 8, "\x89HDF\r\n\x1a\n", "HDF5, which Keras wrote as .h5" },
    { 0, 4, "PK\3\4", "a zip archive, as Keras, PyTorch and NumPy's npz are" },
    { 0, 6, "\x93NUMPY", "a NumPy array" },
    { 0, 2, "\x80\2", "a Python pickle" },
    { 0, 2, "\x80\3", "a Python pickle" },
    { 0, 2, "\x80\4", "a Python pickle" },
    { 0, 2, "\x80\5", "a Python pickle" },
    { 0, 2, "\x1f\x8b", "compressed with gzip" },
    { 0, 4, "GGUF", "GGUF" },
    { 4, 4, "TFL3", "TensorFlow Lite" },
};

/* The format of a file that begins with these bytes, or NULL. */
static const char *kind_by_bytes(const char *bytes, size_t count)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (signs[i].at + signs[i].count <= count &&
            memcmp(bytes + signs[i].at, signs[i].bytes, signs[i].count) == 0)
            return signs[i].kind;
    return NULL;
}

/* ", or from NAME" for each format of another program; returns `out`. */
static const char *foreign_names(char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; dg_registry[i]; i++) {
        const dg_learner_type *type = (const dg_learner_type *)dg_registry[i];
        if (strcmp(type->part.kind, "learner") != 0 || !type->formats) continue;
        for (int k = 0; type->formats[k] && used < size; k++)
            used +=
                (size_t)snprintf(out + used, size - used, ", or from %s", type->formats[k]->name);
    }
    return out;
}

dg_status dg_check_file_kind(const char *path)
{
    char bytes[9] = "", others[128];
    int descriptor;
    int64_t size;
    DG_TRY(dg_file_open(path, &descriptor, &size));
    size_t count = size < (int64_t)sizeof bytes ? (size_t)size : sizeof bytes;
    dg_status status = dg_file_read(path, descriptor, 0, count, bytes);
    close(descriptor);
    DG_TRY(status);
    if (count == sizeof bytes && bytes[8] == '{') return DG_OK; /* the header of safetensors */
    const char *kind = kind_by_bytes(bytes, count);
    if (kind)
        return dg_error(
            DG_FORMAT, "%s: is %s; a model is read from a safetensors file that model:save wrote%s",
            path, kind, foreign_names(others, sizeof others));
    if ((kind = dg_file_kind_by_ending(path)))
        return dg_error(DG_FORMAT,
                        "%s: is not a safetensors file, but %s by its name; a model is read from a "
                        "safetensors file that model:save wrote%s",
                        path, kind, foreign_names(others, sizeof others));
    return DG_OK;
}
