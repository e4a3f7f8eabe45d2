// SPDX-License-Identifier: MIT
// A layer's size and hash stand in front of it, so it is made twice: once for these alone.
#include "apps/oci/export.hpp"

#include <fcntl.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include "apps/oci/descriptor.hpp"
#include "apps/oci/json.hpp"
#include "apps/oci/layer.hpp"
#include "apps/oci/workshop.hpp"
#include "libs/cluufile/plan.hpp"

namespace oci {

namespace {

constexpr std::size_t longest_cluufile = 64 * 1024;
constexpr const char* types = "application/vnd.oci.image.";
constexpr const char* hash_kind = "sha256:";

std::unexpected<std::string> trouble(const std::string& what) {
    return std::unexpected(what + ": " + strerror(errno));
}

Result<std::string> text_at(int folder, const std::string& image) {
    const std::string path = image + "/Cluufile";
    const Descriptor file(openat(folder, path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return trouble(image);
    return read_text(file.get(), longest_cluufile);
}

// The bases of an image, which live as long as this.
class Images final : public cluufile::ImageSource {
public:
    explicit Images(int folder) : folder_(folder) {}
    std::optional<std::string_view> find(std::string_view image) override {
        const auto known = texts_.find(image);
        if (known != texts_.end()) return known->second;
        auto text = text_at(folder_, std::string(image));
        if (!text) return std::nullopt;
        return texts_.emplace(image, std::move(*text)).first->second;
    }

private:
    int folder_;
    std::map<std::string, std::string, std::less<>> texts_;
};

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Result<cluufile::Plan> plan_of(int folder, const std::string& name) {
    if (!cluufile::is_image_name(name)) return std::unexpected(name + ": not the name of an image");
    auto text = text_at(folder, name);
    if (!text) return std::unexpected(text.error());
    Images images(folder);
    auto file = cluufile::parse(name, *text, images);
    if (!file) {
        char buffer[300];
        return std::unexpected(std::string(cluufile::format(file.error(), buffer)));
    }
    cluufile::Plan plan = cluufile::plan_of(name, *file);
    if (plan.files_of("/").empty())
        return std::unexpected(
            name + ": it has no files of its own (MOUNT / image) that could run elsewhere");
    if (plan.program.empty()) return std::unexpected(name + ": it is a base that cannot be run");
    // Elsewhere, a program is told by its first argument where it was found.
    if (!plan.words.empty() && last_part(plan.words.front()) != last_part(plan.program))
        return std::unexpected(name + ": its program is told another name than its file's, '" +
                               plan.words.front() + "', which an OCI image cannot say");
    return plan;
}

struct Blob {
    std::string hash;
    std::uint64_t size = 0;
};

Blob blob_of(std::string_view content) {
    Hash hash;
    hash.add(std::as_bytes(std::span(content)));
    return {hash.text(), content.size()};
}

std::string path_of(const Blob& blob) { return "blobs/sha256/" + blob.hash; }

Json text(const std::string& value) { return Json(json_string(value.c_str())); }

Json list(std::span<const std::string> words) {
    Json array(json_array());
    for (const std::string& word : words) json_array_append_new(array.get(), text(word).release());
    return array;
}

void set(const Json& object, const std::string& key, Json value) {
    json_object_set_new(object.get(), key.c_str(), value.release());
}

Json descriptor(const std::string& type, const Blob& blob) {
    Json object(json_object());
    set(object, "mediaType", text(types + type));
    set(object, "digest", text(hash_kind + blob.hash));
    set(object, "size", Json(json_integer(static_cast<json_int_t>(blob.size))));
    return object;
}

Json singleton(Json value) {
    Json array(json_array());
    json_array_append_new(array.get(), value.release());
    return array;
}

Json pairs(std::span<const std::pair<std::string, std::string>> values) {
    Json object(json_object());
    for (const auto& [name, value] : values) set(object, name, text(value));
    return object;
}

std::string dumped(const Json& json) {
    char* const made = json_dumps(json.get(), JSON_COMPACT | JSON_SORT_KEYS);
    std::string result(made == nullptr ? "" : made);
    std::free(made);
    return result;
}

std::string config_of(const cluufile::Plan& plan, const Blob& layer) {
    std::vector<std::string> entrypoint{plan.program};
    for (std::size_t i = 1; i < plan.words.size(); ++i) entrypoint.push_back(plan.words[i]);
    std::vector<std::string> environment;
    for (const auto& [name, value] : plan.environment) environment.push_back(name + "=" + value);
    Json run(json_object());
    set(run, "Entrypoint", list(entrypoint));
    if (!plan.default_arguments.empty()) set(run, "Cmd", list(plan.default_arguments));
    if (!environment.empty()) set(run, "Env", list(environment));
    if (!plan.labels.empty()) set(run, "Labels", pairs(plan.labels));
    if (!plan.user.empty())
        set(run, "User", text(plan.user + (plan.group.empty() ? "" : ":" + plan.group)));
    if (!plan.directory.empty()) set(run, "WorkingDir", text(plan.directory));
    Json root(json_object());
    set(root, "type", text("layers"));
    set(root, "diff_ids", singleton(text(hash_kind + layer.hash)));
    Json config(json_object());
    set(config, "architecture", text("amd64"));
    set(config, "os", text("linux"));
    set(config, "config", std::move(run));
    set(config, "rootfs", std::move(root));
    return dumped(config);
}

Json versioned(const std::string& type) {
    Json object(json_object());
    set(object, "schemaVersion", Json(json_integer(2)));
    set(object, "mediaType", text(types + type));
    return object;
}

std::string index_of(const std::string& name, const Blob& manifest) {
    Json described = descriptor("manifest.v1+json", manifest);
    const std::pair<std::string, std::string> platform[] = {{"architecture", "amd64"},
                                                            {"os", "linux"}};
    const std::pair<std::string, std::string> notes[] = {
        {"org.opencontainers.image.ref.name", name + ":latest"}};
    set(described, "platform", pairs(platform));
    set(described, "annotations", pairs(notes));
    Json index = versioned("index.v1+json");
    set(index, "manifests", singleton(std::move(described)));
    return dumped(index);
}

}  // namespace

Result<void> export_image(const std::string& name, const std::string& folder, int to) {
    const Descriptor images(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!images) return trouble(folder);
    auto plan = plan_of(images.get(), name);
    if (!plan) return std::unexpected(plan.error());
    const auto files = open_files(images.get(), std::string(plan->files_of("/")));
    if (!files) return std::unexpected(files.error());
    const Descriptor& root = *files;
    HashSink measured;
    if (auto done = write_layer(root.get(), measured); !done) return done;
    const Blob layer{measured.hash(), measured.size()};
    const std::string config = config_of(*plan, layer);
    Json described = versioned("manifest.v1+json");
    set(described, "config", descriptor("config.v1+json", blob_of(config)));
    set(described, "layers", singleton(descriptor("layer.v1.tar", layer)));
    const std::string manifest = dumped(described);
    FileSink file(to);
    TarWriter archive(file);
    for (const auto& [part, content] :
         {std::pair<std::string, std::string>{"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"},
          {"index.json", index_of(name, blob_of(manifest))},
          {path_of(blob_of(manifest)), manifest},
          {path_of(blob_of(config)), config}}) {
        if (auto done = archive.add(part, content); !done) return done;
    }
    if (auto done = archive.begin({.path = path_of(layer), .mode = 0644, .size = layer.size});
        !done)
        return done;
    EntrySink entry(archive);
    HashSink written(&entry);
    if (auto done = write_layer(root.get(), written); !done) return done;
    if (written.hash() != layer.hash)
        return std::unexpected(name + ": its files were changed meanwhile");
    return archive.finish();
}

}  // namespace oci
