// SPDX-License-Identifier: MIT
#include "apps/oci/archive.hpp"

#include <tuple>

#include "apps/oci/hash.hpp"
#include "apps/oci/json.hpp"
#include "apps/oci/tar.hpp"

namespace oci {

namespace {

constexpr std::size_t longest_document = 1 << 20;
constexpr std::size_t most_files = 2'000;
constexpr std::size_t most_layers = 128;
constexpr std::string_view hash_kind = "sha256:";

using Files = std::map<std::string, Place, std::less<>>;

std::unexpected<std::string> lacks(std::string_view what) {
    return std::unexpected("the archive lacks " + std::string(what));
}

// Empty for what is no text; a text has no zero bytes (jansson refuses them).
std::string text_of(const json_t* json) {
    return json_is_string(json) ? std::string(json_string_value(json)) : std::string();
}

std::string text_at(const json_t* object, const char* key) {
    return text_of(json_object_get(object, key));
}

// Nothing and null are an empty list.
Result<std::vector<std::string>> texts_at(const json_t* object, const char* key) {
    std::vector<std::string> result;
    const json_t* list = json_object_get(object, key);
    if (list == nullptr || json_is_null(list)) return result;
    if (!json_is_array(list))
        return std::unexpected(std::string("its configuration has a `") + key +
                               "` that is no list");
    for (std::size_t i = 0; i < json_array_size(list); ++i) {
        const json_t* one = json_array_get(list, i);
        if (!json_is_string(one))
            return std::unexpected(std::string("its configuration has a `") + key +
                                   "` with something that is no text");
        result.push_back(text_of(one));
    }
    return result;
}

Result<std::string> document_text(int archive, const Files& files, std::string_view name) {
    const auto found = files.find(name);
    if (found == files.end()) return lacks("'" + std::string(name) + "'");
    if (found->second.size > longest_document)
        return std::unexpected("'" + std::string(name) + "' is too long");
    std::string text(static_cast<std::size_t>(found->second.size), '\0');
    FileRange source(archive, found->second.offset, found->second.size);
    if (auto done = source.read_all(std::as_writable_bytes(std::span(text))); !done)
        return std::unexpected(done.error());
    return text;
}

Result<Json> parse(const std::string& text, std::string_view name) {
    json_error_t error;
    Json json(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &error));
    if (json) return json;
    return std::unexpected("'" + std::string(name) + "' is damaged: line " +
                           std::to_string(error.line) + ": " + error.text);
}

Result<Json> document(int archive, const Files& files, std::string_view name) {
    auto text = document_text(archive, files, name);
    if (!text) return std::unexpected(text.error());
    return parse(*text, name);
}

// Of a digest "sha256:...": the hexadecimal part, if it is one.
std::string hash_in(std::string_view digest) {
    constexpr std::size_t digits = 64;
    if (!digest.starts_with(hash_kind)) return {};
    digest.remove_prefix(hash_kind.size());
    const bool right =
        digest.size() == digits && digest.find_first_not_of("0123456789abcdef") == digest.npos;
    return right ? std::string(digest) : std::string();
}

// The blob that a descriptor names, which must be what it says.
Result<Json> blob_document(int archive, const Files& files, const json_t* descriptor) {
    const std::string hash = hash_in(text_at(descriptor, "digest"));
    if (hash.empty()) return std::unexpected("a digest in it is not of the kind sha256");
    const std::string name = "blobs/sha256/" + hash;
    auto text = document_text(archive, files, name);
    if (!text) return std::unexpected(text.error());
    MemorySource source(std::as_bytes(std::span(*text)));
    if (hash_of(source) != hash) return std::unexpected("'" + name + "' is not what its name says");
    return parse(*text, name);
}

Result<Config> config_of(const json_t* json) {
    const std::string machine = text_at(json, "architecture"), system = text_at(json, "os");
    if ((!machine.empty() && machine != "amd64") || (!system.empty() && system != "linux"))
        return std::unexpected("it is an image for " + system + " on " + machine +
                               ", not for linux on amd64");
    Config config;
    const json_t* run = json_object_get(json, "config");
    const json_t* root = json_object_get(json, "rootfs");
    for (const auto& [list, object, key] : {std::tuple{&config.environment, run, "Env"},
                                            {&config.entrypoint, run, "Entrypoint"},
                                            {&config.command, run, "Cmd"},
                                            {&config.layer_hashes, root, "diff_ids"}}) {
        auto texts = texts_at(object, key);
        if (!texts) return std::unexpected(texts.error());
        *list = std::move(*texts);
    }
    for (std::string& digest : config.layer_hashes) {
        digest = hash_in(digest);
        if (digest.empty()) return std::unexpected("a digest in it is not of the kind sha256");
    }
    config.user = text_at(run, "User");
    config.directory = text_at(run, "WorkingDir");
    json_t* labels = json_object_get(run, "Labels");
    const char* key = nullptr;
    json_t* value = nullptr;
    json_object_foreach(labels, key, value) { config.labels.emplace_back(key, text_of(value)); }
    return config;
}

Result<Image> finished(Image image) {
    if (image.layers.empty()) return lacks("layers");
    if (image.layers.size() > most_layers) return std::unexpected("it has too many layers");
    if (image.layers.size() != image.config.layer_hashes.size())
        return std::unexpected("its configuration does not fit its layers");
    return image;
}

Result<Image> read_saved(int archive, const Files& files) {
    auto manifest = document(archive, files, "manifest.json");
    if (!manifest) return std::unexpected(manifest.error());
    if (json_array_size(manifest->get()) != 1)
        return std::unexpected("it holds " + std::to_string(json_array_size(manifest->get())) +
                               " images; only one at a time can be imported");
    const json_t* one = json_array_get(manifest->get(), 0);
    auto json = document(archive, files, text_at(one, "Config"));
    if (!json) return std::unexpected(json.error());
    auto config = config_of(json->get());
    if (!config) return std::unexpected(config.error());
    Image image{.config = std::move(*config)};
    auto layers = texts_at(one, "Layers");
    auto tags = texts_at(one, "RepoTags");
    if (!layers || !tags) return std::unexpected((layers ? tags : layers).error());
    if (!tags->empty()) image.name = tags->front();
    for (const std::string& layer : *layers) {
        const auto found = files.find(layer);
        if (found == files.end()) return lacks("'" + layer + "'");
        image.layers.push_back(found->second);
        image.packed_hashes.emplace_back();
    }
    return finished(std::move(image));
}

// The manifest for this machine; an index may lead to another one, once.
const json_t* pick(const json_t* index) {
    const json_t* manifests = json_object_get(index, "manifests");
    const json_t* only = json_array_size(manifests) == 1 ? json_array_get(manifests, 0) : nullptr;
    for (std::size_t i = 0; i < json_array_size(manifests); ++i) {
        const json_t* one = json_array_get(manifests, i);
        const json_t* platform = json_object_get(one, "platform");
        if (text_at(platform, "architecture") == "amd64" && text_at(platform, "os") == "linux")
            return one;
    }
    return only;
}

// The annotation that the specification has for it is as often a tag alone.
std::string name_in(const json_t* annotations) {
    const std::string whole = text_at(annotations, "io.containerd.image.name");
    const std::string name = text_at(annotations, "org.opencontainers.image.ref.name");
    if (!whole.empty()) return whole;
    return name.find_first_of(":/") == name.npos ? "" : name;
}

Result<Image> read_layout(int archive, const Files& files) {
    auto index = document(archive, files, "index.json");
    if (!index) return std::unexpected(index.error());
    Json manifest = std::move(*index);
    std::string name;
    for (int level = 0; json_object_get(manifest.get(), "manifests") != nullptr; ++level) {
        const json_t* picked = pick(manifest.get());
        if (picked == nullptr || level == 2)
            return std::unexpected("it has no image for linux on amd64, or more than one");
        const json_t* notes = json_object_get(picked, "annotations");
        if (name.empty()) name = name_in(notes);
        auto next = blob_document(archive, files, picked);
        if (!next) return std::unexpected(next.error());
        manifest = std::move(*next);
    }
    auto json = blob_document(archive, files, json_object_get(manifest.get(), "config"));
    if (!json) return std::unexpected(json.error());
    auto config = config_of(json->get());
    if (!config) return std::unexpected(config.error());
    Image image{.name = std::move(name), .config = std::move(*config)};
    const json_t* layers = json_object_get(manifest.get(), "layers");
    for (std::size_t i = 0; i < json_array_size(layers); ++i) {
        const std::string hash = hash_in(text_at(json_array_get(layers, i), "digest"));
        const auto found = files.find("blobs/sha256/" + hash);
        if (hash.empty() || found == files.end()) return lacks("one of its layers");
        image.layers.push_back(found->second);
        image.packed_hashes.push_back(hash);
    }
    return finished(std::move(image));
}

}  // namespace

Result<Files> index_of(int archive, std::uint64_t size) {
    FileRange source(archive, 0, size);
    TarReader reader(source);
    Files files;
    std::vector<std::pair<std::string, std::string>> links;
    for (;;) {
        auto entry = reader.next();
        if (!entry) return std::unexpected(entry.error());
        if (!*entry) break;
        if (files.size() + links.size() == most_files)
            return std::unexpected("it has too many parts");
        // `docker save` used to write a layer once, and `../ID/layer.tar` where it comes again.
        if ((*entry)->kind == Entry::Kind::symbolic_link && (*entry)->target.starts_with("../"))
            links.emplace_back((*entry)->path, (*entry)->target.substr(3));
        if ((*entry)->kind != Entry::Kind::file) continue;
        if (!files.emplace((*entry)->path, Place{reader.position(), (*entry)->size}).second)
            return std::unexpected("'" + (*entry)->path + "' is in it twice");
    }
    for (const auto& [name, target] : links) {
        if (const auto found = files.find(target); found != files.end())
            files.emplace(name, found->second);
    }
    return files;
}

Result<Image> read_image(int archive, const Files& files) {
    if (files.contains("index.json")) return read_layout(archive, files);
    if (files.contains("manifest.json")) return read_saved(archive, files);
    return std::unexpected(
        "it is neither an archive of `docker save` (no manifest.json) nor an OCI layout (no "
        "index.json)");
}

}  // namespace oci
