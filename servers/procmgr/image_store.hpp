// SPDX-License-Identifier: MIT
// Cluufiles, read from /var/images/NAME/Cluufile as procmgr's own view shows them. Their texts and plans are kept.
//
// The file system that the images are on is asked through an entrance (interfaces/entrance.hpp), and its versions say how long
// a plan holds: as long as nothing has changed, an image costs no message. Where there is no entrance, or a symbolic
// link leads elsewhere, each use looks at the files' attributes first, so that a change is noticed at the next exec in any case.
// What an image is called can be a link (place_of_image). It is followed here, once for each plan, so that a plan is that of one
// image, text and files, if another takes its name meanwhile.
// (What is mounted over the images' folder after the first use is not seen: nobody does.)
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interfaces/entrance.hpp"
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

    // What procmgr's own view shows at a path, followed to its end.
    struct Seen {
        Result<fs::Attributes> attributes = base::fail(Status::not_found);
        // The version of the names on the images' file system that it is true with; 0: it depends on others.
        std::uint64_t names = 0;
        bool direct = false;  // no symbolic link leads there
    };
    Async<Seen> look(std::string path);
    // How often the names on the images' file system have changed, before whatever is asked after this; 0: it is not known.
    std::uint64_t names_version() { return stamped(version(offsetof(fs::Versions, names))); }
    // The same of a version that came with an answer: that of another file system, or of one that has ended, is another one.
    [[nodiscard]] std::uint64_t stamped(std::uint64_t names) const {
        return names == 0 ? 0 : names | std::uint64_t(entered_) << 60;
    }
    // How often a file's contents there have changed.
    std::uint64_t contents_version(std::uint64_t inode) { return version(counter_of(inode)); }

private:
    struct Text {
        fs::Timestamp modified;
        std::uint64_t inode = 0;
        std::uint64_t size = 0;
        std::string text;
        std::string place;  // place_of_image; empty: its own name's
    };
    // When a plan was made: how often what it depends on had changed.
    struct Until {
        std::uint64_t names = 0;
        std::map<std::uint64_t, std::uint64_t> contents;  // by the counter's place in the page
    };
    struct Known {
        ImageLookup lookup;
        Until until;
    };
    class Bases;

    // not_found if there is no such image. `until` gets what it depends on; its names become 0 if that is not all.
    Async<Result<void>> fetch(std::string name, Until& until);
    Async<ImageLookup> make(std::string name, Until& until);
    Async<std::string> place_of(std::string name);
    Async<Result<void>> enter();
    // The path below the entrance's mount, if it is there.
    [[nodiscard]] std::optional<std::string_view> rest_of(std::string_view path) const;
    static std::size_t counter_of(std::uint64_t inode);  // where it is in the page
    std::uint64_t version(std::size_t offset);
    bool holds(const Until& until);
    void leave();

    Outside& outside_;
    ipc::Ref<names::Manager> names_;
    std::map<std::string, Text, std::less<>> texts_;
    std::map<std::string, Known, std::less<>> known_;

    ipc::Capability<fs::Directory> entrance_;
    ipc::Capability<ipc::Memory> versions_;
    std::vector<ipc::Capability<fs::Directory>> left_;  // entrances that have ended
    std::uint64_t device_ = 0;          // as attributes call its file system; 0: not known yet
    std::string mount_;                 // where the entrance's file system is, in the view's form
    std::vector<std::string> further_;  // what is mounted below
    unsigned entered_ = 0;              // tries
};

}  // namespace procmgr
