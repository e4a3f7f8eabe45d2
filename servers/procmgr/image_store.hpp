// SPDX-License-Identifier: MIT
// Cluufiles, read from /var/images/NAME/Cluufile through procmgr's own view. Their texts are kept;
// each use looks at the file's attributes first, so that a change is noticed at the next exec.
#pragma once

#include <map>
#include <string>

#include "interfaces/namespace.hpp"
#include "servers/procmgr/model/plan.hpp"
#include "servers/procmgr/outside.hpp"
#include "servers/procmgr/task.hpp"

namespace procmgr {

struct ImageLookup {
    enum class Outcome : std::uint8_t { found, none, wrong } outcome = Outcome::none;
    Plan plan;
    std::string complaint;  // FILE:LINE:COLUMN: ..., if it is wrong
};

class ImageStore {
public:
    static constexpr std::size_t max_text = 64 * 1024;
    static constexpr std::size_t max_images = 256;

    ImageStore(Outside& outside, ipc::Ref<names::Manager> names)
        : outside_(outside), names_(names) {}

    Async<ImageLookup> find(std::string name);
    // A small text of the system's. Errors: too_big, and those of the file system.
    Async<Result<std::string>> read(std::string path);

private:
    struct Text {
        fs::Timestamp modified;
        std::uint64_t inode = 0;
        std::uint64_t size = 0;
        std::string text;
    };
    class Bases;

    // not_found if there is no such image.
    Async<Result<void>> fetch(std::string name);

    Outside& outside_;
    ipc::Ref<names::Manager> names_;
    std::map<std::string, Text, std::less<>> texts_;
};

}  // namespace procmgr
