// SPDX-License-Identifier: MIT
// From a path of a view to a file system and a path in it.
//
//   1. `locate` brings the text into the view's form, component by component. A ".." first asks the
//      file system whether what stands before it is a directory: only then is it known that no
//      symbolic link hides in it, and the last component can be taken away.
//   2. The mount with the longest path that is a prefix gets the rest of the path.
//   3. A file system that meets a symbolic link answers `redirected`; `rebase` makes a path of the
//      view from that, and all starts again, at most 40 times.
//
// Nothing that a file system or a client sends leads outside of the view: every path goes through
// the mount table, and a redirected path that does not start inside its mount leads nowhere. In a
// confined view (grants.hpp) this holds for names, too: each path is looked up as it stands, so one
// that a symbolic link hides in leads only to the link's target, which must be granted itself.
#pragma once

#include <functional>
#include <type_traits>

#include "servers/vfs/view.hpp"

namespace vfs {

struct Location {
    const Mount* mount = nullptr;
    std::string view_path;      // in the view's form
    std::string path;           // relative to the file system's root
    std::uint8_t rights = 0;    // Rights; never none
    bool as_directory = false;  // the path ended with a slash or a dot: it must be a directory
};

// Does an operation make a name, where there is none?
template <class Op>
constexpr bool makes_name(const Op&) {
    return std::is_same_v<Op, fs::MakeNode> || std::is_same_v<Op, fs::MakeSymbolicLink>;
}
constexpr bool makes_name(const fs::Open& open) {
    return (open.flags & (fs::OpenFlags::create | fs::OpenFlags::nameless)) != 0;
}

class Resolver {
public:
    explicit Resolver(const View& view) : Resolver(view, view.layers.size()) {}
    // As the view of somebody who is confined to these layers only. `passed` is told of the directories
    // that a ".." came after.
    Resolver(const View& view, std::size_t layers, std::vector<std::string>* passed = nullptr)
        : view_(view), layers_(layers), passed_(passed) {}

    // not_found where there is nothing, or nothing that may be used; if a name is to be made there,
    // access_denied in the second case.
    [[nodiscard]] Result<Location> locate(std::string path, bool to_make = false);
    // A location that exists and is not a symbolic link; `attributes` gets what it is.
    [[nodiscard]] Result<Location> resolve(std::string path, fs::Attributes& attributes);

    // The path of the view at which to go on; counts, and refuses the 41st.
    [[nodiscard]] Result<std::string> rebase(const Location& at, fs::Redirected how,
                                             std::string_view path);

    // Has it asked whether there is a directory before a ".."?
    [[nodiscard]] bool has_gone_up() const { return gone_up_; }

    // Sends one path operation where it belongs. `prepare(op, location)` may change the operation
    // or refuse; `prefix` comes before the path in the payload.
    template <class Op, class Prepare>
    [[nodiscard]] Result<ipc::Answer<Op>> forward(Op operation, std::string path,
                                                  std::string_view prefix, Prepare prepare) {
        std::vector<std::string> passed;  // what is used besides, if it is traced: links
        for (;;) {
            const Location at = TRY(locate(std::move(path), makes_name(operation)));
            if (const Status bad = prepare(operation, at); bad != Status::ok) {
                return base::fail(bad);
            }
            operation.identity = view_.identity;
            std::string joined;
            if (!prefix.empty()) {
                joined = prefix;
                joined += at.path;
            }
            auto answer = at.mount->file_system->ask(operation, prefix.empty() ? at.path : joined);
            if (!answer || answer->reply.redirected == fs::Redirected::no) {
                if (answer && view_.is_traced()) {
                    passed.push_back(at.view_path);
                    for (const std::string& used : passed) {
                        view_.note(used, use_of(operation));
                    }
                }
                return answer;
            }
            if (view_.is_traced()) {
                passed.push_back(at.view_path);
            }
            path = TRY(rebase(at, answer->reply.redirected, ipc::text(answer->payload)));
        }
    }

    // The same for an operation on two paths, which must belong to one file system.
    template <class Op, class Prepare>
    [[nodiscard]] Result<ipc::Answer<Op>> forward_two(Op operation, std::string first,
                                                      std::string second, Prepare prepare) {
        for (;;) {
            const Location from = TRY(locate(first));
            const Location to = TRY(locate(second, true));
            if (const Status bad = prepare(operation, from, to); bad != Status::ok) {
                return base::fail(bad);
            }
            if (from.mount->file_system != to.mount->file_system) {
                return base::fail(Status::cross_device);
            }
            operation.identity = view_.identity;
            operation.first_length = static_cast<std::uint32_t>(from.path.size());
            auto answer = from.mount->file_system->ask(operation, from.path + to.path);
            if (!answer || answer->reply.redirected == fs::Redirected::no) {
                if (answer) {
                    const bool moves = std::is_same_v<Op, fs::Rename>;
                    view_.note(from.view_path, moves ? names::Right::write : names::Right::read);
                    view_.note(to.view_path, names::Right::create);
                }
                return answer;
            }
            const bool is_first = answer->reply.which == 0;
            std::string& path = is_first ? first : second;
            path = TRY(
                rebase(is_first ? from : to, answer->reply.redirected, ipc::text(answer->payload)));
        }
    }

private:
    static constexpr int max_redirections = 40;

    [[nodiscard]] Result<Location> place(std::string view_path, bool to_make) const;
    // Nothing if this path is a directory; else the path to go on with.
    [[nodiscard]] Result<std::string> check_directory(const std::string& view_path);

    const View& view_;
    const std::size_t layers_;
    std::vector<std::string>* const passed_;
    int redirections_ = 0;
    bool gone_up_ = false;
};

}  // namespace vfs
