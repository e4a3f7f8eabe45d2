// SPDX-License-Identifier: MIT
#include "servers/vfs/derive.hpp"

#include <algorithm>
#include <set>

namespace vfs {
namespace {

constexpr std::uint64_t private_limit = 16 << 20;  // when the rule names none
constexpr std::uint64_t skeleton_limit = 1 << 20;  // of the root that only holds mount points
constexpr std::uint32_t private_mode = 01777;
constexpr std::size_t most_layers = 8;

// The view's form of a rule's path: no links are followed, so ".." has no place here.
Result<std::string> canonical(std::string_view path) {
    if (!path.starts_with('/') || path.size() > fs::max_path || path.find('\0') != path.npos) {
        return base::fail(Status::invalid);
    }
    std::string result;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
        if (name == ".." || name.size() > fs::max_name) {
            return base::fail(Status::invalid);
        }
        if (!name.empty() && name != ".") {
            result += '/';
            result += name;
        }
    }
    return result;
}

// Grants a name and all that the links in it lead to, as the starter sees it. What cannot be found, or
// not by this view's user, ends the way, and is no failure.
Result<void> grant_name(const View& view, const Rule& name) {
    Grants& grants = *view.layers.back();
    std::vector<std::string> passed;
    Resolver starter{view, view.layers.size() - 1, &passed};
    for (std::string path = name.path;;) {
        const auto at = starter.locate(std::move(path));
        for (const std::string& directory : passed) {
            TRY(grants.add(directory, 0, 0));
        }
        passed.clear();
        if (!at || at->view_path.size() > Grants::longest_name) {
            return {};
        }
        TRY(grants.add(at->view_path, name.rights, name.beside));
        if (name.rights == 0 && name.beside == 0) {
            return {};
        }
        const auto answer = at->mount->file_system->ask(
            fs::GetPathAttributes{.follow = 1, .identity = view.identity}, at->path);
        if (!answer || answer->reply.redirected == fs::Redirected::no) {
            return {};
        }
        auto next = starter.rebase(*at, answer->reply.redirected, ipc::text(answer->payload));
        if (!next) {
            return {};
        }
        path = std::move(*next);
    }
}

// Is there what the parent has not?
bool is_own(const Rule& rule) {
    return rule.access == names::Access::private_tmpfs || rule.access == names::Access::folder;
}

bool is_kept(const Rule& rule) {
    return rule.access == names::Access::kept || rule.access == names::Access::given;
}

class Deriver {
public:
    Deriver(const View& parent, FileSystemMaker& maker, Derivation& how, const View* whole)
        : parent_(parent),
          whole_(whole),
          maker_(maker),
          payer_(std::move(how.payer)),
          name_payer_(std::move(how.name_payer)),
          given_(std::move(how.given)) {}

    Result<View> run(const std::vector<Rule>& rules, fs::Identity identity) {
        result_.identity = identity;
        for (const Rule& rule : rules) {
            TRY(apply(rule, rules));
        }
        if (result_.mounted_at("") == nullptr) {
            auto root = TRY(maker_.make({.limit = skeleton_limit, .payer = payer_}));
            made_.insert(root.get());
            result_.mount({.path = "", .file_system = std::move(root), .read_only = true});
        }
        make_mount_points();
        return std::move(result_);
    }

    Result<View> run_confined(const std::vector<Rule>& rules, fs::Identity identity,
                              std::uint32_t names) {
        if (parent_.layers.size() == most_layers) {
            return base::fail(Status::limit);
        }
        // What such a parent may use is told by the paths of its view, so nothing can be at another.
        if (!parent_.layers.empty() &&
            std::ranges::any_of(rules, [](const Rule& rule) { return !rule.source.empty(); })) {
            return base::fail(Status::unsupported);
        }
        result_.identity = identity;
        for (Mount copy : parent_.mounts()) {
            copy.is_own = false;
            result_.mount(std::move(copy));
        }
        const auto for_its_own = [&](auto act) -> Result<void> {
            for (const Rule& rule : rules) {
                if (rule.access == names::Access::private_tmpfs || !rule.source.empty()) {
                    TRY(act(rule));
                }
            }
            return {};
        };
        TRY(for_its_own([&](const Rule& rule) -> Result<void> {
            result_.unmount_all(rule.path);
            return {};
        }));
        TRY(for_its_own([&](const Rule& rule) { return apply(rule, rules); }));
        for (const Rule& rule : rules) {
            if (is_kept(rule)) {
                keep(rule);
            }
        }
        result_.layers = parent_.layers;
        result_.layers.emplace_back(
            new Grants{names, maker_, std::move(name_payer_ ? name_payer_ : payer_)});
        for (const Rule& rule : rules) {
            TRY(confine(rule, rules));
        }
        make_mount_points();
        return std::move(result_);
    }

private:
    // The rule's part of the grants.
    Result<void> confine(const Rule& rule, const std::vector<Rule>& rules) {
        Grants& grants = *result_.layers.back();
        switch (rule.access) {
            case names::Access::granted:       return {};
            case names::Access::kept:
            case names::Access::given:         return grants.add_rule(rule.path, Rights::read_only);
            case names::Access::none:          return grants.add_rule(rule.path, 0);
            case names::Access::private_tmpfs: return grants.add_rule(rule.path, Rights::all);
            case names::Access::folder:        return grants.add_rule(rule.path, Rights::read_only);
            case names::Access::inherit:
            case names::Access::read_only:     break;
        }
        const bool read_only = rule.access == names::Access::read_only;
        const bool moved = !rule.source.empty();
        const bool in_private = !moved && std::ranges::any_of(rules, [&](const Rule& other) {
            return is_own(other) && lies_in(rule.path, other.path);
        });
        if (in_private) {
            TRY(inherit(rule, rules, read_only));
        }
        TRY(grants.add_rule(rule.path, read_only ? Rights::read_only : Rights::all));
        Rule led_to = rule;
        led_to.rights = read_only ? names::Right::read : names::Right::all;
        return in_private || moved || rule.path.empty() ? Result<void>{}
                                                        : grant_name(result_, led_to);
    }

    Result<void> apply(const Rule& rule, const std::vector<Rule>& rules) {
        switch (rule.access) {
            case names::Access::none:
            case names::Access::granted:       return {};
            case names::Access::inherit:       return inherit(rule, rules, false);
            case names::Access::read_only:     return inherit(rule, rules, true);
            case names::Access::kept:
            case names::Access::given:         keep(rule); return {};
            case names::Access::folder:        return show(rule);
            case names::Access::private_tmpfs: {
                const std::uint64_t limit = rule.limit == 0 ? private_limit : rule.limit;
                auto made = TRY(maker_.make({.limit = limit,
                                             .mode = private_mode,
                                             .owner = result_.identity,
                                             .payer = payer_}));
                made_.insert(made.get());
                result_.mount({.path = rule.path, .file_system = std::move(made)});
                return {};
            }
        }
        return base::fail(Status::invalid);
    }

    void keep(const Rule& rule) {
        const Mount* shown = parent_.mounted_at(rule.path);
        if (shown == nullptr) {
            return;
        }
        Mount mount = *shown;
        if (rule.access == names::Access::given && shown->replaceable) {
            mount.file_system = given_;
            mount.start.clear();
        }
        mount.read_only = true;
        mount.is_own = false;
        result_.mount(std::move(mount));
    }

    Result<void> show(const Rule& rule) {
        if (whole_ == nullptr) {
            return base::fail(Status::not_permitted);
        }
        fs::Attributes attributes;
        const Location at = TRY(Resolver{*whole_}.resolve(rule.source, attributes));
        if (attributes.kind != fs::Kind::directory) {
            return base::fail(Status::not_directory);
        }
        result_.mount({.path = rule.path,
                       .file_system = at.mount->file_system,
                       .start = at.path,
                       .read_only = true});
        return {};
    }

    Result<void> inherit(const Rule& rule, const std::vector<Rule>& rules, bool read_only) {
        fs::Attributes attributes;
        // What the parent may reach by walking there, its child may see: with the parent's identity.
        const bool moved = !rule.source.empty();
        const Location at = TRY(Resolver{parent_}.resolve(moved               ? rule.source
                                                          : rule.path.empty() ? "/"
                                                                              : rule.path,
                                                          attributes));
        if (moved && at.mount->replaceable) {
            return base::fail(Status::not_permitted);
        }
        result_.mount({.path = rule.path,
                       .file_system = at.mount->file_system,
                       .start = at.path,
                       .read_only = read_only || at.mount->read_only,
                       .per_view = at.mount->per_view,
                       .replaceable = at.mount->replaceable});
        if (attributes.kind != fs::Kind::directory) {
            files_.insert(rule.path);
        }
        for (const Mount& below : parent_.mounts()) {
            if (below.path == at.view_path || !lies_in(below.path, at.view_path) ||
                (moved && below.replaceable)) {
                continue;
            }
            Mount copy = below;
            copy.path = rule.path + below.path.substr(at.view_path.size());
            copy.read_only = read_only || below.read_only;
            copy.is_own = false;
            if (!governed_by_longer(copy.path, rule, rules)) {
                result_.mount(std::move(copy));
            }
        }
        return {};
    }

    static bool governed_by_longer(std::string_view path, const Rule& rule,
                                   const std::vector<Rule>& rules) {
        return std::ranges::any_of(rules, [&](const Rule& other) {
            return other.path.size() > rule.path.size() && lies_in(path, other.path);
        });
    }

    void make_mount_points() {
        for (const Mount& mount : result_.mounts()) {
            if (mount.path.empty()) {
                continue;
            }
            const std::string_view parent =
                std::string_view{mount.path}.substr(0, mount.path.rfind('/'));
            const Mount* under = result_.covering(parent);
            if (under != nullptr && made_.contains(under->file_system.get())) {
                make_mount_point(*under->file_system, mount.path.substr(under->path.size() + 1),
                                 !files_.contains(mount.path));
            }
        }
    }

    const View& parent_;
    const View* whole_;
    FileSystemMaker& maker_;
    ipc::Capability<ipc::Bank> payer_, name_payer_;
    FileSystemPointer given_;
    View result_;
    std::set<const FileSystem*> made_;
    std::set<std::string> files_;  // mounts of single files
};

}  // namespace

void make_mount_point(FileSystem& file_system, std::string_view path, bool is_directory) {
    for (std::size_t at = 0; at < path.size();) {
        at = std::min(path.find('/', at + 1), path.size());
        const bool last = at == path.size();
        const auto kind = last && !is_directory ? fs::Kind::regular : fs::Kind::directory;
        // That it exists is as good as making it; any other failure only spoils a listing.
        (void)file_system.ask(fs::MakeNode{.kind = kind, .mode = 0755}, path.substr(0, at));
    }
}

Result<std::vector<Rule>> read_rules(std::span<const std::byte> payload) {
    std::vector<Rule> rules;
    while (!payload.empty()) {
        names::MountRule record;
        if (!ipc::read_payload(payload, record) || record.record_length > payload.size() ||
            record.record_length < sizeof record ||
            record.path_length > record.record_length - sizeof record) {
            return base::fail(Status::malformed);
        }
        if (record.access > names::Access::folder) {
            return base::fail(Status::invalid);
        }
        auto path = ipc::text(payload.subspan(sizeof record, record.path_length));
        const bool is_name = record.access == names::Access::granted;
        const std::size_t end = path.find('\0');
        std::string source;
        const bool is_folder = record.access == names::Access::folder;
        if (end != path.npos && (is_folder || record.access == names::Access::inherit ||
                                 record.access == names::Access::read_only)) {
            source = path.substr(end + 1);
            path = path.substr(0, end);
            if (!source.starts_with('/') || source.size() > fs::max_path || source.contains('\0')) {
                return base::fail(Status::invalid);
            }
        }
        if (is_folder && source.empty()) {
            return base::fail(Status::invalid);
        }
        rules.push_back({.path = is_name ? std::string{path} : TRY(canonical(path)),
                         .source = std::move(source),
                         .access = record.access,
                         .limit = record.limit,
                         .rights = record.rights,
                         .beside = record.beside});
        payload = payload.subspan(record.record_length);
    }
    return rules;
}

Result<void> grant(const View& view, const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) {
        if (rule.access == names::Access::granted) {
            TRY(grant_name(view, rule));
        }
    }
    return {};
}

Result<View> derive(const View& parent, Derivation how, FileSystemMaker& maker, const View* whole) {
    const auto shows = [](const Rule& rule) {
        return rule.access == names::Access::inherit || rule.access == names::Access::read_only ||
               is_own(rule);
    };
    const bool is_given = std::ranges::any_of(
        how.rules, [](const Rule& rule) { return rule.access == names::Access::given; });
    if (is_given && how.given == FileSystemPointer{}) {
        return base::fail(Status::invalid);
    }
    const bool confines = std::ranges::any_of(how.rules, [&](const Rule& rule) {
        const bool hides = rule.access == names::Access::none &&
                           std::ranges::any_of(how.rules, [&](const Rule& other) {
                               return shows(other) && lies_in(rule.path, other.path);
                           });
        return hides || rule.access == names::Access::granted;
    });
    Deriver deriver{parent, maker, how, whole};
    if (!confines && parent.layers.empty()) {
        return deriver.run(how.rules, how.identity);
    }
    View view = TRY(deriver.run_confined(how.rules, how.identity, how.names));
    TRY(grant(view, how.rules));
    return view;
}

}  // namespace vfs
