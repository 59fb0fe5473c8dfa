#!/bin/sh
{{ x