// The kinds of numbers in the config.
import { z } from "zod";

export const share = z.number().min(0).max(1);
export const seconds = z.number().positive();
export const positive = z.number().int().positive();
export const natural = z.number().int().min(0);
