package api

import "linecard/internal/access"

// profileRoutes are the addresses of profiles, containers and dictionaries at one level of the tree, one line each.
func (a *API) profileRoutes(l level) {
	const tag, view, edit = "Profiles", access.ProfileView, access.ProfileEdit
	base, one := l.path+"/profiles", l.path+"/profiles/{profile}"
	typed := []string{"409 platform_profile", "409 software_profile", "409 imported_profile", "409 provider_profile"}
	seen := plus(related, []string{"404 not_found"})
	written := plus(changed, related, []string{"409 name_taken", "409 profile_limit"})
	broken := []string{"400 file_binary", "400 file_encoding", "400 file_malformed", "400 file_no_settings", "400 file_no_parameters", "413 file_too_large"}
	files := []string{"415 attributes_file_type", "413 attributes_file_too_large", "400 attributes_file_broken", "400 attributes_file_mode", "400 attributes_file_empty"}
	learned := []string{"415 no_dictionaries", "413 dictionary_too_large"}

	register(a, Op{ID: "list-" + l.id + "profiles", Method: get, Path: base, Action: view, Tag: tag, Summary: "List the profiles that " + l.of + " can use", Codes: seen}, a.listProfiles(l.at))
	register(a, Op{ID: "create-" + l.id + "profile", Method: post, Path: base, Action: edit, Tag: tag, Summary: "Add a profile to " + l.of, Log: "profile/create", Status: 201, Codes: written}, a.createProfile(l))
	register(a, Op{ID: "export-" + l.id + "profiles", Method: get, Path: base + "/export", Action: edit, Tag: tag, Summary: "All profiles that people of " + l.of + " made as a ZIP, secrets left out", Status: 200, Gives: zipType, Codes: plus(seen, []string{"404 nothing_to_export"})}, a.exportProfiles(l.at, false))
	register(a, Op{ID: "export-" + l.id + "profiles-with-secrets", Method: post, Path: base + "/export", Action: access.SecretReveal, Tag: tag, Summary: "The same with secrets in clear; the operation log has a row", Log: "profile/export", Status: 200, Gives: zipType, Secret: true, Codes: plus(seen, []string{"404 nothing_to_export"})}, a.exportProfiles(l.at, true))
	register(a, Op{ID: "get-" + l.id + "profile", Method: get, Path: one, Action: view, Tag: tag, Summary: "Get a profile, secrets masked", Codes: seen}, a.getProfile(l.at))
	register(a, Op{ID: "replace-" + l.id + "profile", Method: put, Path: one, Action: edit, Tag: tag, Summary: "Replace all attributes of a profile", Log: "profile/edit", IfMatch: true, Codes: plus(written, typed)}, a.replaceProfile(l.at))
	register(a, Op{ID: "edit-" + l.id + "profile", Method: patch, Path: one, Action: edit, Tag: tag, Summary: "Change some attributes or fields of a profile", Log: "profile/edit", IfMatch: true, Codes: plus(written, typed)}, a.editProfile(l.at))
	register(a, Op{ID: "delete-" + l.id + "profile", Method: remove, Path: one, Action: edit, Tag: tag, Summary: "Delete a profile and end all its associations", Log: "profile/delete", IfMatch: true, Codes: plus(changed, related, typed)}, a.deleteProfile(l.at))
	register(a, Op{ID: "copy-" + l.id + "profile", Method: post, Path: one + "/copy", Action: edit, Tag: tag, Summary: "Make an own profile from any that can be used", Log: "profile/copy", Status: 201, Codes: plus(written, typed)}, a.copyProfile(l))
	register(a, Op{ID: "export-" + l.id + "profile", Method: get, Path: one + "/export", Action: edit, Tag: tag, Summary: "A profile as a ZIP, secrets left out", Status: 200, Gives: zipType, Codes: plus(seen, typed)}, a.exportProfile(l.at, false))
	register(a, Op{ID: "export-" + l.id + "profile-with-secrets", Method: post, Path: one + "/export", Action: access.SecretReveal, Tag: tag, Summary: "The same with secrets in clear; the operation log has a row", Log: "profile/export", Status: 200, Gives: zipType, Secret: true, Codes: plus(seen, typed)}, a.exportProfile(l.at, true))
	register(a, Op{ID: "import-" + l.id + "profile", Method: post, Path: one + "/import", Action: edit, Tag: tag, Summary: "Add attributes from a configuration file or a pasted text", Log: "profile/edit", File: true, Takes: "application/octet-stream", IfMatch: true, Codes: plus(written, typed, files, broken)}, a.importProfile(l.at))
	register(a, Op{ID: "reveal-" + l.id + "profile", Method: post, Path: one + "/reveal", Action: access.SecretReveal, Tag: tag, Summary: "Show the secrets of a profile", Log: "profile/reveal", Secret: true, Codes: plus(seen, typed)}, a.revealProfile(l.at))
	register(a, Op{ID: "show-" + l.id + "profile-uses", Method: get, Path: one + "/containers", Action: view, Tag: tag, Summary: "Where a profile is used", Codes: seen}, a.profileUsage(l.at))
	register(a, Op{ID: "list-" + l.id + "containers", Method: get, Path: l.path + "/containers", Action: view, Tag: tag, Summary: "List the containers of " + l.of + " that hold profiles", Codes: seen}, a.listContainers(l.at))
	register(a, Op{ID: "get-" + l.id + "container", Method: get, Path: l.path + "/containers/{kind}/{key}", Action: view, Tag: tag, Summary: "Which profiles a container holds", Codes: seen}, a.getContainer(l.at))
	register(a, Op{ID: "put-" + l.id + "container", Method: put, Path: l.path + "/containers/{kind}/{key}", Action: edit, Tag: tag, Summary: "Put profiles into a container, in order", Log: "container/edit", IfMatch: true, Codes: plus(changed, related)}, a.putContainer(l.at))
	register(a, Op{ID: "show-" + l.id + "dictionaries", Method: get, Path: l.path + "/dictionaries", Action: view, Tag: tag, Summary: "List the dictionaries in force for " + l.of, Codes: seen}, a.listDictionaries(l.at))
	register(a, Op{ID: "import-" + l.id + "dictionary", Method: post, Path: l.path + "/dictionaries/import", Action: edit, Tag: tag, Summary: "Replace a dictionary by what an XSD, an exported configuration or a config.xml says", Log: "dictionary/upload", File: true, Takes: "application/octet-stream", Codes: plus(changed, related, learned, broken)}, a.importDictionary(l.at))
	register(a, Op{ID: "delete-" + l.id + "dictionary", Method: remove, Path: l.path + "/dictionaries/{dictionary}", Action: edit, Tag: tag, Summary: "Take an uploaded dictionary away, so that the default is in force again", Log: "dictionary/restore", Codes: plus(changed, related)}, a.deleteDictionary(l.at))
	register(a, Op{ID: "search-" + l.id + "attributes", Method: get, Path: l.path + "/attributes", Action: view, Tag: tag, Summary: "Search the dictionaries for attributes", Codes: seen}, a.searchAttributes(l.at))
}
