// SPDX-License-Identifier: MIT
// What an archive says of the image in it: the form of `docker save` (manifest.json), or an OCI
// image layout (index.json; OCI image specification, image-layout.md, manifest.md, config.md), in a
// tar.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "apps/oci/source.hpp"

namespace oci {

struct Place {
    std::uint64_t offset = 0, size = 0;  // in the file
};

// The configuration of an image, as far as CLUU knows what to do with it.
struct Config {
    std::vector<std::string> environment;  // NAME=VALUE
    std::vector<std::string> entrypoint, command;
    std::string user, directory;
    std::vector<std::pair<std::string, std::string>> labels;
    std::vector<std::string> layer_hashes;  // SHA-256 of each unpacked layer, in hexadecimal
};

struct Image {
    std::string name = {};  // as it calls itself: "library/busybox:1.36"; may be empty
    Config config;
    std::vector<Place> layers = {};  // the lowest first
    std::vector<std::string> packed_hashes =
        {};  // of each as it lies there, where the archive tells; else empty
};

// Where the files of a tar are in the file `archive`.
Result<std::map<std::string, Place, std::less<>>> index_of(int archive, std::uint64_t size);

Result<Image> read_image(int archive, const std::map<std::string, Place, std::less<>>& files);

}  // namespace oci
