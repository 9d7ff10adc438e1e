package poly

import "linecard/internal/phone"

var models = []phone.Model{}
