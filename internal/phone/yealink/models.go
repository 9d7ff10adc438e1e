package yealink

import "linecard/internal/phone"

var catalogue = []phone.Model{}
