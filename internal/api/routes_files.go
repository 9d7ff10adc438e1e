package api

import "linecard/internal/access"

// fileRoutes are the addresses of software images and of files, one line each.
func (a *API) fileRoutes() {
	const images = "Software images"
	given := []string{"409 image_gone", "409 archived"}
	stored := []string{"503 storage_unavailable", "503 storage_full"}
	sent := plus(stored, []string{"409 upload_offset", "409 upload_complete", "413 upload_too_long", "409 operation_cancelled"})
	register(a, Op{ID: "list-software-images", Method: get, Path: "/software-images", Action: access.SoftwareView, Tag: images, Summary: "List the software that phones can be told to run"}, a.listImages)
	register(a, Op{ID: "get-software-image", Method: get, Path: "/software-images/{image}", Action: access.SoftwareView, Tag: images, Summary: "Get a software image, also one that was deleted"}, a.getImage)
	register(a, Op{ID: "edit-software-image", Method: patch, Path: "/software-images/{image}", Action: access.SoftwareEdit, Tag: images, Summary: "Change what is stated about an image", Log: "software/edit", IfMatch: true, Codes: given}, a.editImage)
	register(a, Op{ID: "delete-software-image", Method: remove, Path: "/software-images/{image}", Action: access.SoftwareEdit, Tag: images, Summary: "Delete an image; phones keep what they run", Log: "software/delete", IfMatch: true, Codes: given}, a.deleteImage)
	register(a, Op{ID: "create-software-upload", Method: post, Path: "/software-images/uploads", Action: access.SoftwareEdit, Tag: images, Summary: "Announce an image; its bytes follow with append-software-upload, in as many requests as it takes", Log: "software/upload", Status: 201, Codes: []string{"409 too_many_uploads"}}, a.createUpload)
	register(a, Op{ID: "get-software-upload", Method: get, Path: "/software-images/uploads/{upload}", Action: access.SoftwareEdit, Tag: images, Summary: "How far an upload is, and where to go on; 404 once it has ended"}, a.getUpload)
	register(a, Op{ID: "append-software-upload", Method: patch, Path: "/software-images/uploads/{upload}", Action: access.SoftwareEdit, Tag: images, Summary: "Send the next bytes; what has arrived when the connection breaks off is kept", Log: "software/upload", File: true, Takes: anyFile, Stream: true, Codes: sent}, a.appendUpload)
	register(a, Op{ID: "delete-software-upload", Method: remove, Path: "/software-images/uploads/{upload}", Action: access.SoftwareEdit, Tag: images, Summary: "Cancel an upload", Log: "software/upload", Codes: []string{"409 operation_final"}}, a.deleteUpload)

	const files, view, edit = "Files", access.DeviceView, access.DeviceEdit
	seen := plus(related, []string{"404 not_found"})
	written := plus(changed, related, stored, []string{"409 file_name_taken", "409 file_quota", "413 file_too_large"})
	base := "/customers/{customer}/resource-files"
	register(a, Op{ID: "list-resource-files", Method: get, Path: base, Action: view, Tag: files, Summary: "List the files of a customer", Codes: seen}, a.listResourceFiles)
	register(a, Op{ID: "create-resource-file", Method: post, Path: base, Action: edit, Tag: files, Summary: "Upload a file for profiles and phones of a customer", Log: "resource-file/add", Status: 201, File: true, Takes: anyFile, Aside: true, IfMatch: true, Codes: written}, a.createResourceFile)
	register(a, Op{ID: "get-resource-file", Method: get, Path: base + "/{file}", Action: view, Tag: files, Summary: "Get what is known of a file", Codes: seen}, a.getResourceFile)
	register(a, Op{ID: "download-resource-file", Method: get, Path: base + "/{file}/content", Action: edit, Tag: files, Summary: "Download a file; takes Range", Status: 200, Gives: anyFile, Codes: plus(seen, stored)}, a.downloadResourceFile)
	register(a, Op{ID: "edit-resource-file", Method: patch, Path: base + "/{file}", Action: edit, Tag: files, Summary: "Change a file's description", Log: "resource-file/edit", IfMatch: true, Codes: plus(changed, related)}, a.editResourceFile)
	register(a, Op{ID: "delete-resource-file", Method: remove, Path: base + "/{file}", Action: edit, Tag: files, Summary: "Delete a file", Log: "resource-file/delete", IfMatch: true, Codes: plus(changed, related, []string{"409 file_linked"})}, a.deleteResourceFile)
	register(a, Op{ID: "export-activity", Method: get, Path: "/customers/{customer}/activity", Action: access.LogView, Tag: "Logs and events", Summary: "What people did at a customer in one week, of the last four, as a CSV file", Status: 200, Gives: "text/csv", Codes: []string{"404 not_found"}}, a.exportActivity)
	base = "/customers/{customer}/devices/{device}/device-files"
	register(a, Op{ID: "list-device-files", Method: get, Path: base, Action: view, Tag: files, Summary: "List the files that were put there for one phone", Codes: seen}, a.listDeviceFiles)
	register(a, Op{ID: "create-device-file", Method: post, Path: base, Action: edit, Tag: files, Summary: "Upload a file for one phone into one of its directories", Log: "device-file/add", Status: 201, File: true, Takes: anyFile, Aside: true, IfMatch: true, Codes: written}, a.createDeviceFile)
	register(a, Op{ID: "get-device-file", Method: get, Path: base + "/{file}", Action: view, Tag: files, Summary: "Get what is known of a file of a phone", Codes: seen}, a.getDeviceFile)
	register(a, Op{ID: "download-device-file", Method: get, Path: base + "/{file}/content", Action: edit, Tag: files, Summary: "Download a file of a phone; takes Range", Status: 200, Gives: anyFile, Codes: plus(seen, stored)}, a.downloadDeviceFile)
	register(a, Op{ID: "delete-device-file", Method: remove, Path: base + "/{file}", Action: edit, Tag: files, Summary: "Delete a file of a phone", Log: "device-file/delete", IfMatch: true, Codes: plus(changed, related)}, a.deleteDeviceFile)
}
