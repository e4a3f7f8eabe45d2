// SPDX-License-Identifier: MIT
#include "apps/oci/import.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "apps/oci/archive.hpp"
#include "apps/oci/descriptor.hpp"
#include "apps/oci/hash.hpp"
#include "apps/oci/recipe.hpp"
#include "apps/oci/tree.hpp"
#include "apps/oci/workshop.hpp"
#include "libs/cluufile/cluufile.hpp"

namespace oci {

namespace {

std::unexpected<std::string> trouble(const std::string& what) {
    return std::unexpected(what + ": " + strerror(errno));
}

// If the archive is packed, an unpacked copy without a name; else nothing.
Result<Descriptor> unpacked(int archive, const Workshop& workshop, std::uint64_t most) {
    struct stat there{};
    if (fstat(archive, &there) != 0) return trouble("it");
    if (!S_ISREG(there.st_mode)) return std::unexpected("it is no regular file");
    bool packed = false;
    const auto size = static_cast<std::uint64_t>(there.st_size);
    auto source = unpack(std::make_unique<FileRange>(archive, 0, size), 2 * most, &packed);
    if (!source) return std::unexpected(source.error());
    if (!packed) return Descriptor();
    const std::string copy = workshop.path() + "/unpacked";
    Descriptor plain(open(copy.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!plain) return trouble(copy);
    (void)unlink(copy.c_str());
    std::array<std::byte, 16384> buffer;
    for (;;) {
        auto count = (*source)->read(buffer);
        if (!count) return std::unexpected(count.error());
        if (*count == 0) return plain;
        if (!write_all(plain.get(), std::span(buffer).first(*count))) return trouble(copy);
    }
}

// Hashes what goes through.
class Hashed final : public Source {
public:
    explicit Hashed(Source& from) : from_(from) {}
    Result<std::size_t> read(std::span<std::byte> to) override {
        auto count = from_.read(to);
        if (count) hash_.add(to.first(*count));
        return count;
    }
    [[nodiscard]] std::string hash() { return hash_.text(); }

private:
    Source& from_;
    Hash hash_;
};

Result<void> apply_layer(int archive, const Image& image, std::size_t index, Tree& tree,
                         std::uint64_t& left) {
    const Place place = image.layers[index];
    if (const std::string& wanted = image.packed_hashes[index]; !wanted.empty()) {
        FileRange packed(archive, place.offset, place.size);
        if (hash_of(packed) != wanted) return std::unexpected("it is not what its name says");
    }
    auto plain = unpack(std::make_unique<FileRange>(archive, place.offset, place.size), left);
    if (!plain) return std::unexpected(plain.error());
    Hashed hashed(**plain);
    TarReader reader(hashed);
    if (auto done = tree.apply(reader); !done) return done;
    left -= std::min(left, reader.position());
    // What follows the end belongs to the hash.
    std::array<std::byte, 4096> rest;
    for (;;) {
        auto count = hashed.read(rest);
        if (!count) return std::unexpected(count.error());
        if (*count == 0) break;
    }
    if (hashed.hash() != image.config.layer_hashes[index])
        return std::unexpected("its content is not what the configuration says");
    return {};
}

Result<std::string> import_into(int archive, const std::string& called, std::string name,
                                const std::string& folder, const Used& used, std::uint64_t most) {
    Workshop workshop(folder, Workshop::importing);
    if (!workshop) return trouble(folder);
    workshop.clear_old(used);
    const auto copy = unpacked(archive, workshop, most);
    if (!copy) return std::unexpected(copy.error());
    const int file = *copy ? copy->get() : archive;
    struct stat there{};
    if (fstat(file, &there) != 0) return trouble("it");
    auto files = index_of(file, static_cast<std::uint64_t>(there.st_size));
    if (!files) return std::unexpected(files.error());
    auto image = read_image(file, *files);
    if (!image) return std::unexpected(image.error());
    if (name.empty()) name = image_name_of(image->name, called);
    if (auto right = check_name(name); !right) return std::unexpected(right.error());
    const std::string root = workshop.path() + "/root";
    if (mkdir(root.c_str(), 0755) != 0) return trouble(root);
    const Descriptor opened(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) return trouble(root);
    Tree tree(opened.get());
    std::uint64_t left = most;
    for (std::size_t i = 0; i < image->layers.size(); ++i) {
        if (auto done = apply_layer(file, *image, i, tree, left); !done)
            return std::unexpected("layer " + std::to_string(i + 1) + ": " + done.error());
    }
    auto recipe = recipe_of(*image, tree);
    if (!recipe) return recipe;
    if (auto done = workshop.write("Cluufile", *recipe); !done)
        return std::unexpected(done.error());
    if (auto done = workshop.become(name); !done) return std::unexpected(done.error());
    return name;
}

}  // namespace

Result<std::string> import_image(int archive, const std::string& called, std::string name,
                                 const std::string& folder, std::uint64_t most, const Used& used) {
    auto done = import_into(archive, called, std::move(name), folder, used, most);
    if (!done) return std::unexpected(called + ": " + done.error());
    return done;
}

}  // namespace oci
