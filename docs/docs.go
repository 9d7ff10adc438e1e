// Package docs holds the manual as it is written, so that the program can show it. It must not hold anything else.
package docs

import "embed"

// Pages are the Markdown files of this folder, and translations in folders named after their language.
//
//go:embed *.md zh-CN/*.md
var Pages embed.FS
