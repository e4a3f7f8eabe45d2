// SPDX-License-Identifier: MIT
// The files of an image on their way from its layers into a directory. Everything is reached from
// the directory's descriptor, one component after the other, and no symbolic link is followed: what
// an archive says can change nothing outside of it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "apps/oci/tar.hpp"

namespace oci {

class Tree {
public:
    static constexpr std::uint64_t most_entries = 200'000;
    static constexpr std::uint64_t usual_path_bytes = 16 << 20;

    // The descriptor stays the caller's. `most_path_bytes`: of all names of one layer together.
    explicit Tree(int root, std::uint64_t most_path_bytes = usual_path_bytes)
        : root_(root), most_path_bytes_(most_path_bytes) {}

    // One entry, over what is there; `data`: a file's. Links are not followed; missing directories are made.
    Result<void> put(const Entry& entry, Source& data);

    // All entries of a layer, over what is there. A whiteout removes what the layers below have,
    // wherever in its layer it stands (OCI image specification, layer.md, Whiteouts).
    Result<void> apply(TarReader& layer);

    // The text of a file, at most so long; not_found is an empty one. Links are followed, as in a
    // container whose root this is.
    [[nodiscard]] Result<std::string> text_of(std::string_view path, std::size_t most) const;
    // Is there a program? Links as above.
    [[nodiscard]] bool is_program(std::string_view path) const;
    // Without symbolic links in it, as in a container whose root this is; empty: the root, or they lead nowhere.
    [[nodiscard]] std::string resolved(std::string path) const;
    [[nodiscard]] bool is_directory(const std::string& path) const;

private:
    Result<void> add_file(int parent, const std::string& name, const Entry& entry, Source& data);
    Result<void> add_hard_link(int parent, const std::string& name, const Entry& entry);
    Result<void> white_out(const std::string& parent, std::string_view name);
    Result<void> count_entry();
    // What the layers below have at a path, and below it.
    Result<void> remove_lower(int parent, const std::string& path);
    Result<void> remember(const std::string& path);

    int root_;
    std::uint64_t most_path_bytes_;
    std::uint64_t entries_ = 0;
    // Of the layer that is applied: all its paths, and the directories on the way to them.
    std::set<std::string> of_this_layer_;
    std::uint64_t path_bytes_ = 0;
};

// Below `root`, without following a link: a descriptor; missing directories are made, or are an error.
Result<int> open_directory(int root, std::string_view path, bool make);

// Removes what is at `name` in a directory, and all below it, however deep that is.
Result<void> remove_all(int parent, const std::string& name);

}  // namespace oci
